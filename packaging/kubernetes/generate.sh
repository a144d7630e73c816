#!/bin/sh
# generate.sh > agentweave.yaml: the chart's manifests as plain text, for who does not use Helm. A test compares.
set -eu
here=$(dirname "$(realpath "$0")")
helm=${HELM:-helm}
echo "# Made from packaging/helm/agentweave by generate.sh; do not edit. Change trust domain, policy and images, then:"
echo "#   kubectl create namespace agentweave && kubectl apply -n agentweave -f agentweave.yaml"
"$helm" template agent "$here/../helm/agentweave" --namespace agentweave | sed '/app.kubernetes.io\/managed-by: Helm/d; /helm.sh\/chart:/d'
