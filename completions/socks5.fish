# fish completion for socks5. The program knows the words; this asks it.

# Reads names, writes each behind what stands before it in the word.
function __socks5_behind
	while read -l name
		echo -- $argv[1]$name
	end
end

# fish leaves out the names of this machine, where proxies often are.
function __socks5_hosts
	echo localhost
	__fish_print_hostnames
end

function __socks5_complete
	set -l words (commandline -opc)
	set -l token (commandline -ct)
	set -q token[1]; or set token ''
	# As it is meant: without quotes, which fish writes again itself; one may be open.
	set -l meant (string unescape -- $token; or string unescape -- $token"'"; or string unescape -- $token'"')
	set -q meant[1]; and set token $meant[1]
	type -q $words[1]; or return
	for line in ($words[1] --complete $words[2..-1] $token 2>/dev/null)
		set -l parts (string split \t -- $line)
		set -l typed (string sub -s (math 1 + (string length -- "$parts[2]")) -- $token)
		switch $parts[1]
			case @file
				__fish_complete_path $typed | __socks5_behind $parts[2]
			case @host
				__socks5_hosts | __socks5_behind $parts[2]
			case @program
				__fish_complete_command # which writes what stands before a = itself
			case '*'
				echo -- $line
		end
	end
end

complete -c socks5 -f -a '(__socks5_complete)'
