// A Go client with the official A2A SDK: finds the agent by its card and sends. All that agentweave asks of it is a certificate:
//
//	client URL CERT KEY CA SKILL
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"
	"github.com/a2aproject/a2a-go/v2/a2aclient/agentcard"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	url, cert, key, ca, skill := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(ca)))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(cert, key))}, RootCAs: roots, MinVersion: tls.VersionTLS13}}}

	card := must(agentcard.NewResolver(client).Resolve(ctx, url))
	fmt.Printf("card of %s: %d skills\n", card.Name, len(card.Skills))
	agent := must(a2aclient.NewFromCard(ctx, card, a2aclient.WithJSONRPCTransport(client)))

	message := a2a.NewMessage(a2a.MessageRoleUser, a2a.NewTextPart("hello"))
	message.Metadata = map[string]any{"skill": skill}
	answer, err := agent.SendMessage(ctx, &a2a.SendMessageRequest{Message: message})
	if err != nil {
		words := err.Error()
		if strings.Contains(words, "AW3001") || strings.Contains(words, "403") || strings.Contains(strings.ToLower(words), "denied") {
			words = "denied"
		}
		fmt.Println(words)
		os.Exit(3)
	}
	if task, ok := answer.(*a2a.Task); ok {
		fmt.Println("sent:", task.Status.State)
	}
}
