# Made by `agentweave completion bash`; do not edit.
# bash completion for agentweave: source this file, or put it where your shell looks.
_agentweave() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
  local state='' next i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="${state:+$state }${COMP_WORDS[i]}"
    case "$next" in
      'serve') state="$next" ;;
      'init') state="$next" ;;
      'dev') state="$next" ;;
      'run') state="$next" ;;
      'ping') state="$next" ;;
      'call') state="$next" ;;
      'task') state="$next" ;;
      'task get') state="$next" ;;
      'task list') state="$next" ;;
      'task cancel') state="$next" ;;
      'task watch') state="$next" ;;
      'proxy') state="$next" ;;
      'card') state="$next" ;;
      'card show') state="$next" ;;
      'card generate') state="$next" ;;
      'card sign') state="$next" ;;
      'card verify') state="$next" ;;
      'authz') state="$next" ;;
      'authz check') state="$next" ;;
      'authz explain') state="$next" ;;
      'authz decisions') state="$next" ;;
      'authz replay') state="$next" ;;
      'authz suggest') state="$next" ;;
      'authz test') state="$next" ;;
      'policy') state="$next" ;;
      'policy eval') state="$next" ;;
      'policy test') state="$next" ;;
      'policy check') state="$next" ;;
      'policy bench') state="$next" ;;
      'policy build') state="$next" ;;
      'svid') state="$next" ;;
      'svid show') state="$next" ;;
      'svid watch') state="$next" ;;
      'svid fetch') state="$next" ;;
      'svid check') state="$next" ;;
      'svid jwt') state="$next" ;;
      'bundle') state="$next" ;;
      'bundle show') state="$next" ;;
      'bundle watch') state="$next" ;;
      'federation') state="$next" ;;
      'federation status') state="$next" ;;
      'federation add') state="$next" ;;
      'federation remove') state="$next" ;;
      'config') state="$next" ;;
      'config validate') state="$next" ;;
      'config explain') state="$next" ;;
      'config show') state="$next" ;;
      'config schema') state="$next" ;;
      'config convert') state="$next" ;;
      'validate') state="$next" ;;
      'audit') state="$next" ;;
      'audit verify') state="$next" ;;
      'audit query') state="$next" ;;
      'audit tail') state="$next" ;;
      'audit graph') state="$next" ;;
      'audit reconcile') state="$next" ;;
      'doctor') state="$next" ;;
      'k8s') state="$next" ;;
      'k8s inject') state="$next" ;;
      'metrics') state="$next" ;;
      'top') state="$next" ;;
      'map') state="$next" ;;
      'health') state="$next" ;;
      'nonce') state="$next" ;;
      'secrets') state="$next" ;;
      'secrets get') state="$next" ;;
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
      COMPREPLY=($(compgen -W 'serve init dev run ping call task proxy card authz policy svid bundle federation config validate audit doctor k8s metrics top map health nonce secrets completion explain version -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'serve')
      case "$prev" in
        --env) return ;;
        --set) return ;;
        --host) return ;;
        --port) return ;;
        --log-level) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --host --port --log-level -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'init')
      case "$prev" in
        --name) return ;;
        --trust-domain) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --name --trust-domain -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'dev')
      case "$prev" in
        --socket) return ;;
        --drill) return ;;
        --set) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket --drill --set -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'run')
      case "$prev" in
        --config) return ;;
        --env) return ;;
        --set) return ;;
        --restart) COMPREPLY=($(compgen -W 'never on-failure always' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --config --env --set --restart -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'ping')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --action) return ;;
        -c|--count) return ;;
        -i|--interval) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --action -c --count -i --interval -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'call')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        --task) return ;;
        --context) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version --task --context --stream -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'get list cancel watch -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task get')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task list')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        --context) return ;;
        --state) return ;;
        --limit) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version --context --state --limit -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task cancel')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task watch')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'proxy')
      case "$prev" in
        --listen) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --listen --config --as --socket -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'card')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'show generate sign verify -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'card show')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'card generate')
      case "$prev" in
        --env) return ;;
        --file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -o|--output) return ;;
        --url) return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --file -o --output --url --hybrid -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'card sign')
      case "$prev" in
        --key) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --key --file --as --socket -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'card verify')
      case "$prev" in
        --address) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        --file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --spiffe-id) return ;;
        --key) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version --file --spiffe-id --key -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'check explain decisions replay suggest test -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz check')
      case "$prev" in
        --caller) return ;;
        --target|--callee) return ;;
        --action) return ;;
        --input) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --explain) COMPREPLY=($(compgen -W 'notes fails full' -- "$cur")); return ;;
        --expect) COMPREPLY=($(compgen -W 'allow deny' -- "$cur")); return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --env) return ;;
        --opa-endpoint) return ;;
        --policy-path) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --policy) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --data) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --caller --target --callee --action --input --trace --explain --expect --config --env --opa-endpoint --policy-path --policy --data -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz explain')
      case "$prev" in
        --admin) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -t|--timeout) return ;;
        --state) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --admin --config -t --timeout --state -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz decisions')
      case "$prev" in
        --admin) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -t|--timeout) return ;;
        --state) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        -n|--number) return ;;
        --since) return ;;
        --decision) COMPREPLY=($(compgen -W 'allow deny' -- "$cur")); return ;;
        --caller) return ;;
        --action) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --admin --config -t --timeout --state -n --number --since --decision --caller --action -f --follow -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz replay')
      case "$prev" in
        -c|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --state) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --since) return ;;
        --against) return ;;
        --data) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --policy-path) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --accept) return ;;
        --format) COMPREPLY=($(compgen -W 'text sarif junit' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --state --since --against --data --policy-path --accept --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz suggest')
      case "$prev" in
        -c|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --state) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --since) return ;;
        --out) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --package) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --state --since --out --package -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz test')
      case "$prev" in
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --env) return ;;
        -r|--run) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'pretty json junit github' -- "$cur")); return ;;
        --threshold) return ;;
        -t|--timeout) return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --config --env -r --run -f --format -c --coverage --threshold -t --timeout -w --watch -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'eval test check bench build -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy eval')
      case "$prev" in
        -d|--data) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -b|--bundle) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -i|--input) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --package) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'json values bindings raw pretty' -- "$cur")); return ;;
        --explain) COMPREPLY=($(compgen -W 'off why notes fails full' -- "$cur")); return ;;
        -t|--timeout) return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -d --data -b --bundle -i --input -I --stdin-input --package -f --format --explain --fail --fail-defined -S --strict --strict-builtin-errors --coverage -t --timeout -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy test')
      case "$prev" in
        -r|--run) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'pretty json junit github' -- "$cur")); return ;;
        --threshold) return ;;
        -t|--timeout) return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -b --bundle -r --run -f --format -c --coverage --threshold -t --timeout -w --watch -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy check')
      case "$prev" in
        -f|--format) COMPREPLY=($(compgen -W 'pretty json' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -S --strict -b --bundle -f --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy bench')
      case "$prev" in
        -d|--data) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -b|--bundle) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -i|--input) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --count) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'pretty json' -- "$cur")); return ;;
        --fail) COMPREPLY=($(compgen -W 'true false' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -d --data -b --bundle -i --input -I --stdin-input --count -f --format --fail -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy build')
      case "$prev" in
        -o|--output) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -r|--revision) return ;;
        --root) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --signing-key) return ;;
        --signing-alg) COMPREPLY=($(compgen -W 'ES256 ES384 RS256 PS256 EdDSA HS256' -- "$cur")); return ;;
        --signing-key-id) return ;;
        --scope) return ;;
        --verification-key) return ;;
        --verification-key-id) return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -b --bundle -o --output -r --revision --root --signing-key --signing-alg --signing-key-id --scope --verification-key --verification-key-id -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'svid')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'show watch fetch check jwt -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'svid show')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'svid watch')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        -n|--count) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout -n --count -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'svid fetch')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        --out) return ;;
        --fd) return ;;
        --as) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout --out --fd --as -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'svid check')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        --expires-in) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout --expires-in -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'svid jwt')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        --aud|--audience) return ;;
        --as) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout --aud --audience --as -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'bundle')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'show watch -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'bundle show')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        --format) COMPREPLY=($(compgen -W 'list pem spiffe' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'bundle watch')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -n|--count) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout --agents --config -n --count -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'federation')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'status add remove -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'federation status')
      case "$prev" in
        --admin) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --admin --config -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'federation add')
      case "$prev" in
        --url) return ;;
        --profile) COMPREPLY=($(compgen -W 'https_web https_spiffe' -- "$cur")); return ;;
        --endpoint-id) return ;;
        --bootstrap) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --ca) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --admin) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --url --profile --endpoint-id --bootstrap --ca --admin --config -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'federation remove')
      case "$prev" in
        --admin) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --admin --config -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'config')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'validate explain show schema convert -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'config validate')
      case "$prev" in
        --env) return ;;
        --set) return ;;
        --policy) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --format) return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --policy --format --strict --warnings-as-errors -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'config explain')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'config show')
      case "$prev" in
        --env) return ;;
        --set) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --origins -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'config schema')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'config convert')
      case "$prev" in
        --upstream) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --upstream -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'validate')
      case "$prev" in
        --env) return ;;
        --set) return ;;
        --policy) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --format) return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --policy --format --strict --warnings-as-errors -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'audit')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'verify query tail graph reconcile -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'audit verify')
      case "$prev" in
        -c|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --env) return ;;
        --set) return ;;
        --bundle) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --trust-domain) return ;;
        --signer) return ;;
        --log) return ;;
        --known) return ;;
        --from) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set --bundle --trust-domain --signer --log --known --from --open --allow-restarts -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'audit query')
      case "$prev" in
        -c|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --env) return ;;
        --set) return ;;
        --group) return ;;
        --limit) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set --group --limit -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'audit tail')
      case "$prev" in
        -c|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --env) return ;;
        --set) return ;;
        -n|--lines) return ;;
        --where) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set -n --lines --where -f --follow -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'audit graph')
      case "$prev" in
        -c|--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --env) return ;;
        --set) return ;;
        --since) return ;;
        --until) return ;;
        --where) return ;;
        --format) COMPREPLY=($(compgen -W 'svg dot mermaid json' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set --since --until --where --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'audit reconcile')
      case "$prev" in
        --window) return ;;
        --where) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --window --where -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'doctor')
      case "$prev" in
        --env) return ;;
        --set) return ;;
        -t|--timeout) return ;;
        --wait) return ;;
        --fail-on) COMPREPLY=($(compgen -W 'fail warn' -- "$cur")); return ;;
        --address) return ;;
        --report) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --authority) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --authority-key) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --echo) return ;;
        --check-report) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --bundle) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --trust-domain) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set -t --timeout --wait --fail-on --prove --address --report --authority --authority-key --echo --check-report --bundle --trust-domain -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      COMPREPLY+=($(compgen -f -- "$cur"))
      ;;
    'k8s')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'inject -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'k8s inject')
      case "$prev" in
        -f|--filename) return ;;
        --config) return ;;
        --config-map) return ;;
        --image) return ;;
        --outbound) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -f --filename --config --config-map --image --outbound -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
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
    'top')
      case "$prev" in
        --admin) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -t|--timeout) return ;;
        -i|--interval) return ;;
        --window) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --admin --config -t --timeout --once -i --interval --window -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'map')
      case "$prev" in
        --admin) return ;;
        --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --admin --config -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
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
    'secrets')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'get -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'secrets get')
      case "$prev" in
        --config) return ;;
        --env) return ;;
        --set) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --config --env --set --reveal -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
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
