# Made by `agentweave completion bash`; do not edit.
# bash completion for agentweave: source this file, or put it where your shell looks.
_agentweave() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
  local state='' next i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="${state:+$state }${COMP_WORDS[i]}"
    case "$next" in
      'init') state="$next" ;;
      'metrics') state="$next" ;;
      'health') state="$next" ;;
      'nonce') state="$next" ;;
      'completion') state="$next" ;;
      'explain') state="$next" ;;
      'version') state="$next" ;;
    esac
  done
  case "$state" in
    '')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'init metrics health nonce completion explain version -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'init')
      case "$prev" in
        --name) return ;;
        --trust-domain) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --name --trust-domain -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'metrics')
      case "$prev" in
        --url) return ;;
        -i|--interval) return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --url -w --watch --raw -i --interval -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'health')
      case "$prev" in
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --ready --live -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'nonce')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --curl -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'completion')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'bash zsh fish -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'explain')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'version')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
  esac
}
complete -F _agentweave agentweave
