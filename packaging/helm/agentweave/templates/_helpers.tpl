{{- define "agentweave.name" -}}
{{- .Values.agent.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "agentweave.fullname" -}}
{{- if contains .Values.agent.name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Values.agent.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "agentweave.selector" -}}
app.kubernetes.io/name: {{ include "agentweave.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "agentweave.labels" -}}
{{ include "agentweave.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.agent.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "agentweave.serviceAccount" -}}
{{- default (include "agentweave.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* What a stop may take: the delay, the drain, and five seconds for the audit log's destinations. */}}
{{- define "agentweave.grace" -}}
{{- add .Values.server.shutdownDelaySeconds .Values.server.gracefulShutdownSeconds 5 -}}
{{- end -}}

{{/* The configuration file: what the values say, then `config` over it. */}}
{{- define "agentweave.config" -}}
{{- $v := .Values -}}
{{- $authorization := dict "provider" "opa" "policy_path" $v.opa.policyPath "default_action" "deny" "audit" (dict "enabled" $v.authorization.audit.enabled "destinations" $v.authorization.audit.destinations) -}}
{{- if $v.opa.endpoints -}}
{{- $_ := set $authorization "opa_endpoints" $v.opa.endpoints -}}
{{- $_ := set $authorization "failover_strategy" $v.opa.failoverStrategy -}}
{{- else if $v.opa.bundle -}}
{{- $_ := set $authorization "bundle" $v.opa.bundle -}}
{{- else -}}
{{- $_ := set $authorization "policy_dir" "/etc/agentweave/policy" -}}
{{- if $v.authorization.data -}}
{{- $_ := set $authorization "data_files" (list "/etc/agentweave/policy/data.json") -}}
{{- end -}}
{{- end -}}
{{- $server := dict "host" "0.0.0.0" "port" (int $v.server.port) "request_timeout_seconds" $v.server.requestTimeoutSeconds "shutdown_delay_seconds" $v.server.shutdownDelaySeconds "graceful_shutdown_seconds" $v.server.gracefulShutdownSeconds -}}
{{- if $v.sidecar.enabled -}}
{{- $_ := set $server "upstream" $v.sidecar.upstream -}}
{{- end -}}
{{- $config := dict
  "agent" (dict "name" $v.agent.name "trust_domain" $v.global.trustDomain "description" $v.agent.description "environment" $v.agent.environment "capabilities" $v.agent.capabilities)
  "identity" (dict "provider" "spiffe" "spiffe_endpoint" "unix:///spiffe-workload-api/spire-agent.sock" "allowed_trust_domains" $v.spiffe.allowedTrustDomains)
  "authorization" $authorization
  "transport" (dict
    "tls_min_version" "1.3"
    "peer_verification" "strict"
    "connection_pool" (dict "max_connections" (int $v.transport.connectionPool.maxConnections) "idle_timeout_seconds" $v.transport.connectionPool.idleTimeoutSeconds)
    "circuit_breaker" (dict "failure_threshold" (int $v.transport.circuitBreaker.failureThreshold) "recovery_timeout_seconds" $v.transport.circuitBreaker.recoveryTimeoutSeconds)
    "retry" (dict "max_attempts" (int $v.transport.retry.maxAttempts)))
  "server" $server
  "state" (dict "directory" "/var/lib/agentweave/data")
  "observability" (dict
    "metrics" (dict "port" (int $v.observability.metrics.port))
    "logging" (dict "level" $v.observability.logging.level "format" $v.observability.logging.format)) -}}
{{- with $v.peers }}{{- $_ := set $config "peers" . -}}{{- end -}}
{{- with $v.outbound.listen }}{{- $_ := set $config "outbound" (dict "listen" .) -}}{{- end -}}
{{- toYaml (mergeOverwrite $config (deepCopy $v.config)) -}}
{{- end -}}

{{- define "agentweave.container" -}}
name: agentweave
image: "{{ if .Values.sidecar.enabled }}{{ .Values.sidecar.image.repository }}{{ else }}{{ .Values.image.repository }}{{ end }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- if .Values.sidecar.enabled }}
restartPolicy: Always
{{- end }}
args: ["serve", "/etc/agentweave/config.yaml"]
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - {name: a2a, containerPort: {{ .Values.server.port }}}
  - {name: metrics, containerPort: {{ .Values.observability.metrics.port }}}
# On the plain port: kubelet has no certificate, and those paths hold no data. The first SVID may take 30 s.
startupProbe:
  httpGet: {path: /startupz, port: metrics}
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  periodSeconds: 5
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /livez, port: metrics}
  periodSeconds: 10
  failureThreshold: 3
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.containerSecurityContext | nindent 2 }}
volumeMounts:
  - {name: config, mountPath: /etc/agentweave, readOnly: true}
  - {name: spiffe, mountPath: /spiffe-workload-api, readOnly: true}
  - {name: state, mountPath: /var/lib/agentweave}
  - {name: log, mountPath: /var/log/agentweave}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
