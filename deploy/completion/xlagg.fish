# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Completion of xlagg for fish. The words are those of the completion for bash, which asks the installed xlagg.

function __xlagg_complete
	set -l script
	for script in $XLAGG_COMPLETION /usr/local/share/bash-completion/completions/xlagg /usr/share/bash-completion/completions/xlagg
		test -r "$script"; and break
	end
	test -r "$script"; or return
	bash -c 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _xlagg
		[ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"' "$script" (commandline -opc) "$(commandline -ct)" 2>/dev/null
end
# Where no word fits, a file may: save, check, import.
complete -c xlagg -f -a '(__xlagg_complete)'
complete -c xlagg -n 'test (count (__xlagg_complete)) -eq 0' -F
