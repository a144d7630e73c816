# Made by `agentweave completion fish`; do not edit.
# fish completion for agentweave: put it into ~/.config/fish/completions.
function __agentweave_at
  set -l known 'init' 'metrics' 'health' 'nonce' 'completion' 'explain' 'version'
  set -l state
  for word in (commandline -opc)[2..-1]
    set -l next (string join ' ' $state $word)
    if contains -- $next $known
      set state $next
    end
  end
  test "$state" = "$argv"
end
complete -c agentweave -f
complete -c agentweave  -s h -l help -d 'Print this help message and exit'
complete -c agentweave  -s o -l output -l format -x -a 'text table json yaml jsonl' -d 'How results are printed'
complete -c agentweave  -s q -l quiet -d 'Say nothing but the result and errors'
complete -c agentweave  -s v -l verbose -d 'Say more'
complete -c agentweave  -l no-color -d 'No colours, also on a terminal'
complete -c agentweave  -l version -d 'Print the version'
complete -c agentweave -n '__agentweave_at ' -f -a 'init' -d 'Make a working project: configuration, policy and its tests'
complete -c agentweave -n '__agentweave_at ' -f -a 'metrics' -d 'Show an agent\'s metrics, once or live'
complete -c agentweave -n '__agentweave_at ' -f -a 'health' -d 'Ask an agent whether it is well, or ready for work'
complete -c agentweave -n '__agentweave_at ' -f -a 'nonce' -d 'Print fresh replay-protection headers for one request'
complete -c agentweave -n '__agentweave_at ' -f -a 'completion' -d 'Print the completion script for a shell'
complete -c agentweave -n '__agentweave_at ' -f -a 'explain' -d 'Say what an AWnnnn code means and what to do about it'
complete -c agentweave -n '__agentweave_at ' -f -a 'version' -d 'Print the version and how it was built'
complete -c agentweave -n '__agentweave_at init' -s h -l help -d 'Print this help message and exit'
complete -c agentweave -n '__agentweave_at init' -l name -x -d 'The agent\'s name; without it, the directory\'s'
complete -c agentweave -n '__agentweave_at init' -l trust-domain -x -d 'Without it, NAME.test'
complete -c agentweave -n '__agentweave_at metrics' -s h -l help -d 'Print this help message and exit'
complete -c agentweave -n '__agentweave_at metrics' -l url -x -d 'The agent\'s metrics address'
complete -c agentweave -n '__agentweave_at metrics' -s w -l watch -d 'Show again and again, with the change a second'
complete -c agentweave -n '__agentweave_at metrics' -l raw -d 'The Prometheus text as it came'
complete -c agentweave -n '__agentweave_at metrics' -s i -l interval -x -d 'Between two looks, with --watch'
complete -c agentweave -n '__agentweave_at metrics' -s t -l timeout -x -d 'How long to wait for the agent'
complete -c agentweave -n '__agentweave_at health' -s h -l help -d 'Print this help message and exit'
complete -c agentweave -n '__agentweave_at health' -l ready -d 'Ready for requests?'
complete -c agentweave -n '__agentweave_at health' -l live -d 'Only: does the process answer?'
complete -c agentweave -n '__agentweave_at health' -s t -l timeout -x -d 'How long to wait for the agent'
complete -c agentweave -n '__agentweave_at nonce' -s h -l help -d 'Print this help message and exit'
complete -c agentweave -n '__agentweave_at nonce' -l curl -d 'As -H options for curl'
complete -c agentweave -n '__agentweave_at completion' -f -a 'bash zsh fish'
complete -c agentweave -n '__agentweave_at completion' -s h -l help -d 'Print this help message and exit'
complete -c agentweave -n '__agentweave_at explain' -s h -l help -d 'Print this help message and exit'
complete -c agentweave -n '__agentweave_at version' -s h -l help -d 'Print this help message and exit'
