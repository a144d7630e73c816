module agentweave.dev/examples/go

go 1.24

require github.com/a2aproject/a2a-go/v2 v2.3.1
