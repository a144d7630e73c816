#!/bin/sh
# generate.sh > agentweave.yaml: the chart's manifests as plain text, for who does not use Helm. A test compares.
set -eu
here=$(dirname "$(realpath "$0")")
helm=${HELM:-helm}
echo "# Made from packaging/helm/agentweave by generate.sh; do not edit. Change trust domain, policy and images, then:"
echo "#   kubectl create namespace agentweave && kubectl apply -n agentweave -f agentweave.yaml"
# Into a variable: what a pipe's first half says would be lost.
made=$("$helm" template agent "$here/../helm/agentweave" --namespace agentweave --kube-version 1.30.0)
printf '%s\n' "$made" | sed '/app.kubernetes.io\/managed-by: Helm/d; /helm.sh\/chart:/d'
