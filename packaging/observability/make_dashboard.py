#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_dashboard.py > grafana-dashboard.json: the dashboard, from one table of rows. A test compares."""
import json

J = 'job=~"$job"'
I = "$__rate_interval"
# row -> panels of (title, unit, [(query, legend)], kind)
ROWS = {
    "Traffic": [
        ("Requests a second", "reqps", [(f"sum by (status) (rate(agentweave_requests_total{{{J}}}[{I}]))", "{{status}}")]),
        ("Requests by capability", "reqps", [(f"sum by (capability) (rate(agentweave_requests_total{{{J}}}[{I}]))", "{{capability}}")]),
        ("Latency", "s", [(f"histogram_quantile({q}, sum by (le) (rate(agentweave_request_duration_seconds_bucket{{{J}}}[{I}])))", name)
                          for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]),
        ("Share that fails", "percentunit", [(f'sum(rate(agentweave_requests_total{{{J},status="error"}}[{I}])) / sum(rate(agentweave_requests_total{{{J}}}[{I}]))', "errors")]),
        ("In work, and connections", "short", [(f"sum(agentweave_requests_in_flight{{{J}}})", "requests in work"),
                                               (f"sum(agentweave_active_connections{{{J}}})", "connections")]),
        ("Refused before a request", "cps", [(f"sum(rate(agentweave_handshake_failures_total{{{J}}}[{I}]))", "handshakes"),
                                             (f"sum(rate(agentweave_connections_total{{{J}}}[{I}]))", "accepted")]),
        ("Failures by kind", "reqps", [(f"sum by (error_type) (rate(agentweave_errors_total{{{J}}}[{I}]))", "{{error_type}}")]),
        ("Ready", "short", [(f"agentweave_ready{{{J}}}", "{{instance}}")]),
    ],
    "Authorization": [
        ("Decisions a second", "reqps", [(f"sum(rate(agentweave_authz_allowed_total{{{J}}}[{I}]))", "allowed"),
                                         (f"sum(rate(agentweave_authz_denied_total{{{J}}}[{I}]))", "denied")]),
        ("Denials by reason", "reqps", [(f"sum by (reason) (rate(agentweave_authz_denied_total{{{J}}}[{I}]))", "{{reason}}")]),
        ("Refusals by gate", "reqps", [(f"sum by (reason) (rate(agentweave_gate_refusals_total{{{J}}}[{I}]))", "{{reason}}")]),
        ("Time of a decision, p99", "s", [(f"histogram_quantile(0.99, sum by (le) (rate(agentweave_authz_check_duration_seconds_bucket{{{J}}}[{I}])))", "p99")]),
        ("Taken from the cache", "percentunit", [(f"sum(rate(agentweave_authz_cache_hits_total{{{J}}}[{I}])) / (sum(rate(agentweave_authz_cache_hits_total{{{J}}}[{I}])) + sum(rate(agentweave_authz_cache_misses_total{{{J}}}[{I}])))", "hits")]),
        ("Age of the policy in force", "s", [(f"time() - (agentweave_authz_policy_loaded_timestamp_seconds{{{J}}} > 0)", "{{instance}}")]),
        ("Let through in log-only mode", "reqps", [(f"sum(rate(agentweave_authz_would_deny_total{{{J}}}[{I}]))", "would be denied")]),
        ("Policies taken and refused", "short", [(f"sum(increase(agentweave_authz_policy_reloads_total{{{J}}}[{I}]))", "in force"),
                                                 (f"sum(increase(agentweave_authz_policy_reload_errors_total{{{J}}}[{I}]))", "refused")]),
    ],
    "Identity": [
        ("Life of the SVID that is left", "percentunit", [(f"(agentweave_svid_not_after_timestamp_seconds{{{J}}} - time()) / (agentweave_svid_not_after_timestamp_seconds{{{J}}} - agentweave_svid_not_before_timestamp_seconds{{{J}}})", "{{instance}}")]),
        ("Time left", "s", [(f"agentweave_svid_ttl_seconds{{{J}}}", "{{instance}}")]),
        ("Since the last rotation", "s", [(f"time() - agentweave_svid_last_rotation_timestamp_seconds{{{J}}}", "{{instance}}")]),
        ("Rotations, and failures", "short", [(f"sum(increase(agentweave_svid_rotation_total{{{J}}}[{I}]))", "rotations"),
                                              (f"sum(increase(agentweave_svid_rotation_errors_total{{{J}}}[{I}]))", "failures")]),
    ],
    "Decision point": [
        ("Requests to OPA", "reqps", [(f"sum(rate(agentweave_opa_requests_total{{{J}}}[{I}]))", "asked"),
                                      (f"sum(rate(agentweave_opa_errors_total{{{J}}}[{I}]))", "no usable answer")]),
        ("Breakers that are open", "short", [(f'agentweave_authz_circuit_breaker_state{{{J},endpoint!="",state="open"}}', "{{endpoint}}")]),
        ("Evaluations that failed", "reqps", [(f"sum(rate(agentweave_authz_policy_errors_total{{{J}}}[{I}]))", "errors")]),
        ("Bundle service: time since it answered", "s", [(f"agentweave_authz_bundle_age_seconds{{{J}}}", "{{instance}}")]),
    ],
    "Federation and calls": [
        ("Age of each trust domain's bundle", "s", [(f"max by (trust_domain) (agentweave_trust_bundle_age_seconds{{{J}}})", "{{trust_domain}}")]),
        ("Until a domain's last authority expires", "s", [(f"min by (trust_domain) (agentweave_trust_bundle_not_after_timestamp_seconds{{{J}}}) - time()", "{{trust_domain}}")]),
        ("The agents' own calls", "reqps", [(f"sum(rate(agentweave_outbound_requests_total{{{J}}}[{I}]))", "reached their peer"),
                                            (f"sum(rate(agentweave_outbound_refusals_total{{{J}}}[{I}]))", "refused by a gate"),
                                            (f"sum(rate(agentweave_outbound_failures_total{{{J}}}[{I}]))", "no peer reached")]),
        ("Peers not called (0 closed, 1 open, 2 half open)", "short", [(f'agentweave_circuit_breaker_state{{{J},peer_id!=""}}', "{{agent_name}} to {{peer_id}}")]),
    ],
    "Replay": [
        ("Replays refused", "reqps", [(f"sum(rate(agentweave_replay_rejections_total{{{J}}}[{I}]))", "refused")]),
        ("Nonces remembered", "short", [(f"agentweave_replay_nonces{{{J}}}", "{{instance}}")]),
    ],
    "Audit and queues": [
        ("Records a second", "wps", [(f"sum(rate(agentweave_audit_records_total{{{J}}}[{I}]))", "records")]),
        ("Records a destination did not take", "wps", [(f"sum by (destination) (rate(agentweave_audit_errors_total{{{J}}}[{I}]))", "{{destination}}")]),
        ("Waiting for a destination", "bytes", [(f"sum by (destination) (agentweave_audit_spool_bytes{{{J}}})", "{{destination}}")]),
        ("Since the last signed checkpoint", "s", [(f"time() - (agentweave_audit_last_checkpoint_timestamp_seconds{{{J}}} > 0)", "{{instance}}")]),
        ("Spans exported and lost", "cps", [(f"sum(rate(agentweave_trace_spans_exported_total{{{J}}}[{I}]))", "exported"),
                                            (f"sum by (reason) (rate(agentweave_trace_spans_dropped_total{{{J}}}[{I}]))", "lost: {{reason}}")]),
        ("Decisions pushed and lost", "cps", [(f"sum(rate(agentweave_decision_logs_uploaded_total{{{J}}}[{I}]))", "pushed"),
                                              (f"sum by (reason) (rate(agentweave_decision_logs_dropped_total{{{J}}}[{I}]))", "lost: {{reason}}")]),
        ("Healthy", "short", [(f"agentweave_audit_healthy{{{J}}}", "{{instance}}")]),
        ("Blocking work that waits", "short", [(f"agentweave_blocking_work_queued{{{J}}}", "{{instance}}")]),
        ("Webhook events that wait", "short", [(f"agentweave_push_notifications_waiting{{{J}}}", "{{instance}}")]),
    ],
}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(number, title, unit, queries, x, y):
    return {"id": number, "type": "timeseries", "title": title, "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": 6, "h": 7},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
            "targets": [{"refId": chr(65 + i), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
                        for i, (expr, legend) in enumerate(queries)]}


def main():
    panels, y, number = [], 0, 1
    for row, rows in ROWS.items():
        panels.append({"id": number, "type": "row", "title": row, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        number, y = number + 1, y + 1
        for i, (title, unit, queries) in enumerate(rows):
            panels.append(panel(number, title, unit, queries, i % 4 * 6, y + i // 4 * 7))
            number += 1
        y += (len(rows) + 3) // 4 * 7
    print(json.dumps({
        "uid": "agentweave", "title": "agentweave", "tags": ["agentweave"], "schemaVersion": 38, "version": 1,
        "editable": True, "refresh": "30s", "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
            {"name": "job", "type": "query", "label": "Job", "datasource": SOURCE, "multi": True, "includeAll": True, "allValue": ".*",
             "query": {"query": "label_values(agentweave_build_info, job)", "refId": "job"}, "refresh": 2, "sort": 1,
             "current": {"selected": True, "text": ["All"], "value": ["$__all"]}},
        ]},
        "annotations": {"list": [{"name": "Policy came into force", "datasource": SOURCE, "enable": True, "iconColor": "blue",
                                  "expr": f"changes(agentweave_authz_policy_generation{{{J}}}[1m]) > 0"}]},
        "panels": panels,
    }, indent=1))


main()
