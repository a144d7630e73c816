# Made by `agentweave completion bash`; do not edit.
# bash completion for agentweave: source this file, or put it where your shell looks.
__agentweave_code='AW1001 AW1002 AW1003 AW1004 AW1005 AW1006 AW1007 AW1008 AW1009 AW1010 AW1011 AW1012 AW1013 AW1201 AW1202 AW1210 AW2001 AW2002 AW2003 AW2004 AW2005 AW2006 AW2007 AW2008 AW2009 AW2010 AW3001 AW3002 AW3003 AW3004 AW3005 AW3010 AW4001 AW4002 AW4003 AW4004 AW4005 AW4006 AW4007 AW4008 AW4009 AW4010 AW4011 AW4012 AW4013 AW5001 AW5002 AW5003 AW5004 AW5005 AW5006 AW5007 AW5008 AW5009 AW5010 AW5011 AW5012 AW5013 AW5014 AW5015 AW5016 AW5017 AW6001 AW6002 AW6003 AW6101 AW6102 AW7001 AW7002 AW7003 AW7004 AW7005 AW7006 AW7007 AW7008 AW7009 AW7010 AW7011 AW8001 AW8002 AW8003 AW8004 AW8005 AW8006 AW8007 AW8008 AW8009 AW8010 AW9001 config_syntax insecure_in_production unknown_key wrong_type out_of_range missing_key duplicate_key config_unreadable config_include config_too_large bad_variable config_conflict config_unsupported deprecated_key suspicious_setting trust_domain_without_bundle policy_syntax policy_compile policy_unsupported policy_data policy_unreadable policy_eval_error policy_test_failed policy_conflict policy_builtin_error policy_signature no_matching_rule policy_result_malformed decision_timeout unmapped_route trust_domain_not_allowed pdp_unavailable request_malformed replayed replay_headers_missing replay_outside_window rate_limited overloaded too_large request_timeout not_found method_not_allowed unsupported_media_type draining unsupported_encoding spiffe_id_malformed svid_malformed workload_api_unreachable workload_api_denied no_svid svid_expired bundle_malformed no_bundle peer_unverified peer_mismatch handshake_failed no_client_certificate key_malformed key_permissions tls_setup jwt_svid card_unverified audit_unavailable audit_integrity audit_unreadable secret_unavailable secret_malformed task_not_found task_terminal unknown_capability backend_failed backend_unreachable backend_timeout backend_answer_malformed version_not_supported task_limit unsupported_operation extension_required usage io_error connect_failed timed_out address_in_use protocol_error interrupted state_unusable check_failed threshold_met internal'
__agentweave_drills='opa-down svid-expire identity-withdrawn ca-rotate clock-skew federation-split restart'
__agentweave_env='production staging development'
__agentweave_key_value='agent.name= agent.trust_domain= agent.description= agent.version= agent.environment= agent.capabilities= identity.provider= identity.spiffe_endpoint= identity.spiffe_id= identity.allowed_trust_domains= identity.federation= identity.certificate_path= identity.private_key_path= identity.ca_cert_path= identity.dev.socket= identity.dev.svid_ttl= identity.first_fetch_timeout= identity.on_svid_update= authorization.provider= authorization.default_action= authorization.opa_endpoint= authorization.opa_endpoints= authorization.failover_strategy= authorization.opa_ca_path= authorization.opa_token= authorization.policy_dir= authorization.data_files= authorization.policy_path= authorization.timeout= authorization.cache_ttl_seconds= authorization.cache.max_size= authorization.circuit_breaker.failure_threshold= authorization.circuit_breaker.success_threshold= authorization.circuit_breaker.timeout= authorization.bundle.file= authorization.bundle.url= authorization.bundle.token= authorization.bundle.ca_path= authorization.bundle.server_id= authorization.bundle.max_staleness= authorization.bundle.polling.min_delay_seconds= authorization.bundle.polling.max_delay_seconds= authorization.bundle.polling.timeout= authorization.bundle.verification.public_key= authorization.bundle.verification.secret= authorization.bundle.verification.algorithm= authorization.bundle.verification.key_id= authorization.bundle.verification.scope= authorization.audit.enabled= authorization.audit.destination= authorization.audit.destinations= authorization.audit.rotation.max_bytes= authorization.audit.rotation.max_files= authorization.audit.rotation.max_age= authorization.audit.rotation.daily= authorization.audit.checkpoint.max_records= authorization.audit.checkpoint.max_age= authorization.audit.sync= authorization.audit.spool_max_bytes= authorization.shadow.policy_dir= authorization.shadow.data_files= authorization.shadow.policy_path= authorization.decisions.enabled= authorization.decisions.max_bytes= authorization.decisions.max_age= authorization.decisions.masks= authorization.decisions.mask_rules= authorization.decision_logs.url= authorization.decision_logs.resource= authorization.decision_logs.token= authorization.decision_logs.ca_path= authorization.decision_logs.reporting.min_delay_seconds= authorization.decision_logs.reporting.max_delay_seconds= authorization.decision_logs.reporting.upload_size_limit_bytes= authorization.decision_logs.reporting.buffer_size_limit_bytes= transport.tls_min_version= transport.tls_library= transport.peer_verification= transport.timeout_seconds= transport.connection_pool.max_connections= transport.connection_pool.max_per_target= transport.connection_pool.idle_timeout_seconds= transport.connection_pool.max_lifetime_seconds= transport.connection_pool.connect_timeout_seconds= transport.circuit_breaker.failure_threshold= transport.circuit_breaker.success_threshold= transport.circuit_breaker.recovery_timeout_seconds= transport.retry.max_attempts= transport.retry.backoff_base_seconds= transport.retry.backoff_max_seconds= transport.retry.retryable_status_codes= transport.discovery.template= server.host= server.port= server.workers= server.upstream= server.max_concurrent_requests= server.max_concurrent_per_caller= server.request_timeout_seconds= server.graceful_shutdown_seconds= server.shutdown_delay_seconds= server.rate_limit.requests_per_second= server.rate_limit.burst= server.readiness.require_pdp= server.admin.enabled= server.admin.host= server.admin.port= server.limits.max_head_bytes= server.limits.max_headers= server.limits.max_target_bytes= server.limits.max_body_bytes= server.limits.max_connections= server.limits.max_streams_per_connection= server.limits.max_requests_per_connection= server.limits.handshake_timeout= server.limits.head_timeout= server.limits.body_timeout= server.limits.idle_timeout= server.limits.write_timeout= a2a.versions= a2a.card.signing_keys= a2a.push.allow_private= a2a.max_tasks= a2a.max_tasks_per_caller= a2a.task_retention= replay.mode= replay.past_seconds= replay.future_seconds= replay.max_entries_per_caller= state.directory= peers= outbound.listen= run.environment= run.restart= run.start_timeout= run.stop_timeout= secrets.values= secrets.cache_ttl_seconds= secrets.timeout= secrets.vault.address= secrets.vault.auth= secrets.vault.auth_mount= secrets.vault.role= secrets.vault.audience= secrets.vault.token_file= secrets.vault.mount= secrets.vault.namespace= secrets.vault.ca_path= secrets.aws.region= secrets.aws.endpoint= secrets.aws.sts_endpoint= secrets.aws.metadata_endpoint= observability.metrics.enabled= observability.metrics.host= observability.metrics.port= observability.metrics.path= observability.logging.level= observability.logging.format= observability.logging.output= observability.logging.loggers= observability.tracing.enabled= observability.tracing.disabled= observability.tracing.exporter= observability.tracing.endpoint= observability.tracing.traces_endpoint= observability.tracing.protocol= observability.tracing.headers= observability.tracing.ca_path= observability.tracing.service_name= observability.tracing.resource_attributes= observability.tracing.sampler= observability.tracing.sample_rate= observability.tracing.timeout_milliseconds= observability.tracing.max_queue= observability.tracing.max_batch= observability.tracing.delay_milliseconds='
__agentweave_list='text json sarif junit github'
__agentweave_setting='a2a a2a.card a2a.card.signing_keys a2a.max_tasks a2a.max_tasks_per_caller a2a.push a2a.push.allow_private a2a.task_retention a2a.versions agent agent.capabilities agent.capabilities[] agent.capabilities[].backend agent.capabilities[].backend.binding agent.capabilities[].backend.command agent.capabilities[].backend.environment agent.capabilities[].backend.headers agent.capabilities[].backend.max_output_bytes agent.capabilities[].backend.name agent.capabilities[].backend.type agent.capabilities[].backend.url agent.capabilities[].backend.working_directory agent.capabilities[].description agent.capabilities[].input_modes agent.capabilities[].name agent.capabilities[].output_modes agent.capabilities[].parameters agent.capabilities[].timeout_seconds agent.description agent.environment agent.name agent.trust_domain agent.version authorization authorization.audit authorization.audit.checkpoint authorization.audit.checkpoint.max_age authorization.audit.checkpoint.max_records authorization.audit.destination authorization.audit.destinations authorization.audit.enabled authorization.audit.rotation authorization.audit.rotation.daily authorization.audit.rotation.max_age authorization.audit.rotation.max_bytes authorization.audit.rotation.max_files authorization.audit.spool_max_bytes authorization.audit.sync authorization.bundle authorization.bundle.ca_path authorization.bundle.file authorization.bundle.max_staleness authorization.bundle.polling authorization.bundle.polling.max_delay_seconds authorization.bundle.polling.min_delay_seconds authorization.bundle.polling.timeout authorization.bundle.server_id authorization.bundle.token authorization.bundle.url authorization.bundle.verification authorization.bundle.verification.algorithm authorization.bundle.verification.key_id authorization.bundle.verification.public_key authorization.bundle.verification.scope authorization.bundle.verification.secret authorization.cache authorization.cache.max_size authorization.cache_ttl_seconds authorization.circuit_breaker authorization.circuit_breaker.failure_threshold authorization.circuit_breaker.success_threshold authorization.circuit_breaker.timeout authorization.data_files authorization.decision_logs authorization.decision_logs.ca_path authorization.decision_logs.reporting authorization.decision_logs.reporting.buffer_size_limit_bytes authorization.decision_logs.reporting.max_delay_seconds authorization.decision_logs.reporting.min_delay_seconds authorization.decision_logs.reporting.upload_size_limit_bytes authorization.decision_logs.resource authorization.decision_logs.token authorization.decision_logs.url authorization.decisions authorization.decisions.enabled authorization.decisions.mask_rules authorization.decisions.mask_rules[] authorization.decisions.mask_rules[].op authorization.decisions.mask_rules[].path authorization.decisions.mask_rules[].value authorization.decisions.masks authorization.decisions.max_age authorization.decisions.max_bytes authorization.default_action authorization.failover_strategy authorization.opa_ca_path authorization.opa_endpoint authorization.opa_endpoints authorization.opa_token authorization.policy_dir authorization.policy_path authorization.provider authorization.shadow authorization.shadow.data_files authorization.shadow.policy_dir authorization.shadow.policy_path authorization.timeout identity identity.allowed_trust_domains identity.ca_cert_path identity.certificate_path identity.dev identity.dev.socket identity.dev.svid_ttl identity.federation identity.federation[] identity.federation[].bootstrap identity.federation[].ca_path identity.federation[].endpoint_spiffe_id identity.federation[].profile identity.federation[].trust_domain identity.federation[].url identity.first_fetch_timeout identity.on_svid_update identity.private_key_path identity.provider identity.spiffe_endpoint identity.spiffe_id observability observability.logging observability.logging.format observability.logging.level observability.logging.loggers observability.logging.output observability.metrics observability.metrics.enabled observability.metrics.host observability.metrics.path observability.metrics.port observability.tracing observability.tracing.ca_path observability.tracing.delay_milliseconds observability.tracing.disabled observability.tracing.enabled observability.tracing.endpoint observability.tracing.exporter observability.tracing.headers observability.tracing.max_batch observability.tracing.max_queue observability.tracing.protocol observability.tracing.resource_attributes observability.tracing.sample_rate observability.tracing.sampler observability.tracing.service_name observability.tracing.timeout_milliseconds observability.tracing.traces_endpoint outbound outbound.listen peers peers[] peers[].address peers[].id replay replay.future_seconds replay.max_entries_per_caller replay.mode replay.past_seconds run run.environment run.restart run.start_timeout run.stop_timeout secrets secrets.aws secrets.aws.endpoint secrets.aws.metadata_endpoint secrets.aws.region secrets.aws.sts_endpoint secrets.cache_ttl_seconds secrets.timeout secrets.values secrets.values[] secrets.values[].command secrets.values[].file secrets.values[].from secrets.values[].id secrets.values[].key secrets.values[].name secrets.values[].path secrets.values[].variable secrets.vault secrets.vault.address secrets.vault.audience secrets.vault.auth secrets.vault.auth_mount secrets.vault.ca_path secrets.vault.mount secrets.vault.namespace secrets.vault.role secrets.vault.token_file server server.admin server.admin.enabled server.admin.host server.admin.port server.graceful_shutdown_seconds server.host server.limits server.limits.body_timeout server.limits.handshake_timeout server.limits.head_timeout server.limits.idle_timeout server.limits.max_body_bytes server.limits.max_connections server.limits.max_head_bytes server.limits.max_headers server.limits.max_requests_per_connection server.limits.max_streams_per_connection server.limits.max_target_bytes server.limits.write_timeout server.max_concurrent_per_caller server.max_concurrent_requests server.port server.rate_limit server.rate_limit.burst server.rate_limit.requests_per_second server.readiness server.readiness.require_pdp server.request_timeout_seconds server.shutdown_delay_seconds server.upstream server.workers state state.directory transport transport.circuit_breaker transport.circuit_breaker.failure_threshold transport.circuit_breaker.recovery_timeout_seconds transport.circuit_breaker.success_threshold transport.connection_pool transport.connection_pool.connect_timeout_seconds transport.connection_pool.idle_timeout_seconds transport.connection_pool.max_connections transport.connection_pool.max_lifetime_seconds transport.connection_pool.max_per_target transport.discovery transport.discovery.template transport.peer_verification transport.retry transport.retry.backoff_base_seconds transport.retry.backoff_max_seconds transport.retry.max_attempts transport.retry.retryable_status_codes transport.timeout_seconds transport.tls_library transport.tls_min_version'
__agentweave_state='submitted working input-required auth-required completed failed canceled rejected'
# Names may have blanks; a directory is gone on with.
__agentweave_paths() {
  local path
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}
_agentweave() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
  local state='' next i
  COMPREPLY=()
  # --env=prod is three words here.
  if [ "$cur" = = ]; then cur=''
  elif [ "$prev" = = ]; then prev="${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    # What stands behind -- is another command's.
    if [ "${COMP_WORDS[i]}" = -- ]; then
      if [ $((i + 1)) = "$COMP_CWORD" ]; then COMPREPLY=($(compgen -c -- "$cur")); fi
      __agentweave_paths -f
      return
    fi
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
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        --host) return ;;
        --port) return ;;
        --log-level) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --host --port --log-level -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'init')
      case "$prev" in
        --name) return ;;
        --trust-domain) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --name --trust-domain -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'dev')
      case "$prev" in
        --socket) return ;;
        --drill) COMPREPLY=($(compgen -W "$__agentweave_drills" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket --drill --set -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'run')
      case "$prev" in
        --config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        --restart) COMPREPLY=($(compgen -W 'never on-failure always' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --config --env --set --restart -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'ping')
      case "$prev" in
        --address) return ;;
        --config) __agentweave_paths -f; return ;;
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
        --config) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) __agentweave_paths -f; return ;;
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
        --config) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) __agentweave_paths -f; return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task list')
      case "$prev" in
        --address) return ;;
        --config) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) __agentweave_paths -f; return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        --context) return ;;
        --state) COMPREPLY=($(compgen -W "$__agentweave_state" -- "$cur")); return ;;
        --limit) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version --context --state --limit -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task cancel')
      case "$prev" in
        --address) return ;;
        --config) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) __agentweave_paths -f; return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'task watch')
      case "$prev" in
        --address) return ;;
        --config) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) __agentweave_paths -f; return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'proxy')
      case "$prev" in
        --listen) return ;;
        --config) __agentweave_paths -f; return ;;
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
        --config) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) __agentweave_paths -f; return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --address --config --as --socket -t --timeout --web-pki --ca --binding --a2a-version -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'card generate')
      case "$prev" in
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --file) __agentweave_paths -f; return ;;
        -o|--output) return ;;
        --url) return ;;
        --format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --file -o --output --url --hybrid --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'card sign')
      case "$prev" in
        --key) __agentweave_paths -f; return ;;
        --file) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --key --file --as --socket -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'card verify')
      case "$prev" in
        --address) return ;;
        --config) __agentweave_paths -f; return ;;
        --as) return ;;
        --socket) return ;;
        -t|--timeout) return ;;
        --ca) __agentweave_paths -f; return ;;
        --binding) COMPREPLY=($(compgen -W 'jsonrpc rest grpc' -- "$cur")); return ;;
        --a2a-version) COMPREPLY=($(compgen -W '1.0 0.3' -- "$cur")); return ;;
        --file) __agentweave_paths -f; return ;;
        --spiffe-id) return ;;
        --key) __agentweave_paths -f; return ;;
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
        --input) __agentweave_paths -f; return ;;
        --explain) COMPREPLY=($(compgen -W 'notes fails full' -- "$cur")); return ;;
        --expect) COMPREPLY=($(compgen -W 'allow deny' -- "$cur")); return ;;
        --config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --opa-endpoint) return ;;
        --policy-path) __agentweave_paths -f; return ;;
        --policy) __agentweave_paths -d; return ;;
        --data) __agentweave_paths -f; return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --caller --target --callee --action --input --trace --explain --expect --config --env --opa-endpoint --policy-path --policy --data -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz explain')
      case "$prev" in
        --admin) return ;;
        --config) __agentweave_paths -f; return ;;
        -t|--timeout) return ;;
        --state) __agentweave_paths -d; return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --admin --config -t --timeout --state -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz decisions')
      case "$prev" in
        --admin) return ;;
        --config) __agentweave_paths -f; return ;;
        -t|--timeout) return ;;
        --state) __agentweave_paths -d; return ;;
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
        -c|--config) __agentweave_paths -f; return ;;
        --state) __agentweave_paths -d; return ;;
        --since) return ;;
        --against) return ;;
        --data) __agentweave_paths -f; return ;;
        --policy-path) __agentweave_paths -f; return ;;
        --accept) return ;;
        --format) COMPREPLY=($(compgen -W 'text sarif junit' -- "$cur")); return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --state --since --against --data --policy-path --accept --format -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz suggest')
      case "$prev" in
        -c|--config) __agentweave_paths -f; return ;;
        --state) __agentweave_paths -d; return ;;
        --since) return ;;
        --out) __agentweave_paths -d; return ;;
        --package) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --state --since --out --package -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'authz test')
      case "$prev" in
        --config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        -r|--run) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'pretty json junit github' -- "$cur")); return ;;
        --threshold) return ;;
        -t|--timeout) return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --config --env -r --run -f --format -c --coverage --threshold -t --timeout -w --watch -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'eval test check bench build -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy eval')
      case "$prev" in
        -d|--data) __agentweave_paths -f; return ;;
        -b|--bundle) __agentweave_paths -f; return ;;
        -i|--input) __agentweave_paths -f; return ;;
        --package) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'json values bindings raw pretty' -- "$cur")); return ;;
        --explain) COMPREPLY=($(compgen -W 'off why notes fails full' -- "$cur")); return ;;
        -t|--timeout) return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -d --data -b --bundle -i --input -I --stdin-input --package -f --format --explain --fail --fail-defined -S --strict --strict-builtin-errors --coverage -t --timeout -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy test')
      case "$prev" in
        -r|--run) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'pretty json junit github' -- "$cur")); return ;;
        --threshold) return ;;
        -t|--timeout) return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -b --bundle -r --run -f --format -c --coverage --threshold -t --timeout -w --watch -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'policy check')
      case "$prev" in
        -f|--format) COMPREPLY=($(compgen -W 'pretty json' -- "$cur")); return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -S --strict -b --bundle -f --format -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'policy bench')
      case "$prev" in
        -d|--data) __agentweave_paths -f; return ;;
        -b|--bundle) __agentweave_paths -f; return ;;
        -i|--input) __agentweave_paths -f; return ;;
        --count) return ;;
        -f|--format) COMPREPLY=($(compgen -W 'pretty json' -- "$cur")); return ;;
        --fail) COMPREPLY=($(compgen -W 'true false' -- "$cur")); return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -d --data -b --bundle -i --input -I --stdin-input --count -f --format --fail -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'policy build')
      case "$prev" in
        -o|--output) __agentweave_paths -f; return ;;
        -r|--revision) return ;;
        --root) __agentweave_paths -f; return ;;
        --signing-key) return ;;
        --signing-alg) COMPREPLY=($(compgen -W 'ES256 ES384 RS256 PS256 EdDSA HS256' -- "$cur")); return ;;
        --signing-key-id) return ;;
        --scope) return ;;
        --verification-key) return ;;
        --verification-key-id) return ;;
        --format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -b --bundle -o --output -r --revision --root --signing-key --signing-alg --signing-key-id --scope --verification-key --verification-key-id --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
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
        --out) __agentweave_paths -d; return ;;
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
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --socket -t --timeout --format -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'bundle watch')
      case "$prev" in
        --socket) return ;;
        -t|--timeout) return ;;
        --config) __agentweave_paths -f; return ;;
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
        --config) __agentweave_paths -f; return ;;
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
        --bootstrap) __agentweave_paths -f; return ;;
        --ca) __agentweave_paths -f; return ;;
        --admin) return ;;
        --config) __agentweave_paths -f; return ;;
        -t|--timeout) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --url --profile --endpoint-id --bootstrap --ca --admin --config -t --timeout -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'federation remove')
      case "$prev" in
        --admin) return ;;
        --config) __agentweave_paths -f; return ;;
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
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        --policy) __agentweave_paths -d; return ;;
        --format) COMPREPLY=($(compgen -W "$__agentweave_list" -- "$cur")); return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --policy --format --strict --warnings-as-errors -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'config explain')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -o --output --format -q --quiet -v --verbose --no-color --version'" $__agentweave_setting" -- "$cur"))
      ;;
    'config show')
      case "$prev" in
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --origins -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
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
      __agentweave_paths -f
      ;;
    'validate')
      case "$prev" in
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        --policy) __agentweave_paths -d; return ;;
        --format) COMPREPLY=($(compgen -W "$__agentweave_list" -- "$cur")); return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set --policy --format --strict --warnings-as-errors -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'audit')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'verify query tail graph reconcile -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'audit verify')
      case "$prev" in
        -c|--config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        --bundle) __agentweave_paths -f; return ;;
        --trust-domain) return ;;
        --signer) return ;;
        --log) return ;;
        --known) return ;;
        --from) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set --bundle --trust-domain --signer --log --known --from --open --allow-restarts -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'audit query')
      case "$prev" in
        -c|--config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        --group) return ;;
        --limit) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set --group --limit -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'audit tail')
      case "$prev" in
        -c|--config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        -n|--lines) return ;;
        --where) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set -n --lines --where -f --follow -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'audit graph')
      case "$prev" in
        -c|--config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        --since) return ;;
        --until) return ;;
        --where) return ;;
        --format) COMPREPLY=($(compgen -W 'svg dot mermaid json' -- "$cur")); return ;;
        -o|--output) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help -c --config --env --set --since --until --where --format -o --output -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'audit reconcile')
      case "$prev" in
        --window) return ;;
        --where) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --window --where -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'doctor')
      case "$prev" in
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
        -t|--timeout) return ;;
        --wait) return ;;
        --fail-on) COMPREPLY=($(compgen -W 'fail warn' -- "$cur")); return ;;
        --address) return ;;
        --report) __agentweave_paths -f; return ;;
        --authority) __agentweave_paths -f; return ;;
        --authority-key) __agentweave_paths -f; return ;;
        --echo) return ;;
        --check-report) __agentweave_paths -f; return ;;
        --bundle) __agentweave_paths -f; return ;;
        --trust-domain) return ;;
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W '-h --help --env --set -t --timeout --wait --fail-on --prove --address --report --authority --authority-key --echo --check-report --bundle --trust-domain -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      __agentweave_paths -f
      ;;
    'k8s')
      case "$prev" in
        -o|--output|--format) COMPREPLY=($(compgen -W 'text table json yaml jsonl' -- "$cur")); return ;;
      esac
      COMPREPLY=($(compgen -W 'inject -h --help -o --output --format -q --quiet -v --verbose --no-color --version' -- "$cur"))
      ;;
    'k8s inject')
      case "$prev" in
        -f|--filename) __agentweave_paths -f; return ;;
        --config) __agentweave_paths -f; return ;;
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
        --config) __agentweave_paths -f; return ;;
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
        --config) __agentweave_paths -f; return ;;
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
        --config) __agentweave_paths -f; return ;;
        --env) COMPREPLY=($(compgen -W "$__agentweave_env" -- "$cur")); return ;;
        --set) COMPREPLY=($(compgen -W "$__agentweave_key_value" -- "$cur")); compopt -o nospace; return ;;
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
      COMPREPLY=($(compgen -W '-h --help -o --output --format -q --quiet -v --verbose --no-color --version'" $__agentweave_code" -- "$cur"))
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
