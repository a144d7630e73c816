// SPDX-License-Identifier: Apache-2.0

// The official Go SDK: one walk through an agent. driver URL BINDING VERSION CERT KEY CA; prints each step.
package main

import (
	"context"
	"iter"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"
	"github.com/a2aproject/a2a-go/v2/a2aclient/agentcard"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"
	grpcv0 "github.com/a2aproject/a2a-go/v2/a2agrpc/v0"
	grpcv1 "github.com/a2aproject/a2a-go/v2/a2agrpc/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

func ask(text string, task *a2a.Task, atOnce bool) *a2a.SendMessageRequest {
	part := a2a.NewTextPart(text)
	message := a2a.NewMessage(a2a.MessageRoleUser, part)
	if task != nil {
		message = a2a.NewMessageForTask(a2a.MessageRoleUser, task, part)
	}
	return &a2a.SendMessageRequest{Message: message, Config: &a2a.SendMessageConfig{ReturnImmediately: atOnce}}
}

func stateOf(event a2a.Event) a2a.TaskState {
	switch e := event.(type) {
	case *a2a.Task:
		return e.Status.State
	case *a2a.TaskStatusUpdateEvent:
		return e.Status.State
	}
	return ""
}

func collect(events iter.Seq2[a2a.Event, error]) (out []a2a.Event) {
	for event, err := range events {
		good(err)
		out = append(out, event)
	}
	return out
}

func whole(ctx context.Context, client *a2aclient.Client, request *a2a.SendMessageRequest) *a2a.Task {
	result, err := client.SendMessage(ctx, request)
	good(err)
	task, is := result.(*a2a.Task)
	must(is, "no task:", result)
	return task
}

func main() {
	url, binding, version := os.Args[1], a2a.TransportProtocol(os.Args[2]), os.Args[3]
	config := secured(os.Args[4], os.Args[5], os.Args[6])
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}

	resolver := &agentcard.Resolver{Client: web, CardParser: agentcard.DefaultCardParser}
	headers := []agentcard.ResolveOption{agentcard.WithRequestHeader("A2A-Version", "1.0")}
	if version == "0.3" {
		resolver.CardParser, headers = a2av0.NewAgentCardParser(), nil
	}
	card, err := resolver.Resolve(ctx, url, headers...)
	good(err)
	must(card.Name == "workload" && card.Skills[0].ID == "talk", card)
	var kept []*a2a.AgentInterface
	for _, one := range card.SupportedInterfaces {
		if one.ProtocolBinding == binding && strings.HasPrefix(string(one.ProtocolVersion), version) {
			// 0.3 cards name gRPC by URL, Go's gRPC dials a name: every application strips the scheme.
			if binding == a2a.TransportProtocolGRPC {
				one.URL = strings.TrimPrefix(one.URL, "https://")
			}
			kept = append(kept, one)
		}
	}
	must(len(kept) > 0, "the card does not offer it:", card.SupportedInterfaces)
	card.SupportedInterfaces = kept
	done("card")

	dial := grpc.WithTransportCredentials(credentials.NewTLS(config))
	client, err := a2aclient.NewFromCard(ctx, card,
		a2aclient.WithJSONRPCTransport(web), a2aclient.WithRESTTransport(web), grpcv1.WithGRPCTransport(dial),
		a2av0.WithJSONRPCTransport(a2av0.JSONRPCTransportConfig{Client: web}),
		a2av0.WithRESTTransport(a2av0.RESTTransportConfig{Client: web}), grpcv0.WithGRPCTransport(dial))
	good(err)

	task := whole(ctx, client, ask("hello", nil, false))
	must(task.Status.State == a2a.TaskStateCompleted, task)
	done("send")

	events := collect(client.SendStreamingMessage(ctx, ask("count", nil, false)))
	_, first := events[0].(*a2a.Task)
	artifacts := 0
	for _, event := range events {
		if _, is := event.(*a2a.TaskArtifactUpdateEvent); is {
			artifacts++
		}
	}
	must(first && artifacts >= 3 && stateOf(events[len(events)-1]) == a2a.TaskStateCompleted, events)
	done("stream")

	ten := 10
	seen, err := client.GetTask(ctx, &a2a.GetTaskRequest{ID: task.ID, HistoryLength: &ten})
	good(err)
	must(seen.ID == task.ID && len(seen.History) > 0 && len(seen.Artifacts) > 0, seen)
	done("get")

	if version == "1.0" {
		page, err := client.ListTasks(ctx, &a2a.ListTasksRequest{PageSize: 1})
		good(err)
		must(len(page.Tasks) == 1 && page.NextPageToken != "" && page.TotalSize >= 2, page)
		done("list")
	}

	slow := whole(ctx, client, ask("wait", nil, true))
	must(!slow.Status.State.Terminal(), slow)
	next, stop := iter.Pull2(client.SubscribeToTask(ctx, &a2a.SubscribeToTaskRequest{ID: slow.ID}))
	defer stop()
	opening, err, more := next()
	good(err)
	snapshot, is := opening.(*a2a.Task)
	must(more && is && snapshot.ID == slow.ID, opening)
	done("subscribe")
	ended, err := client.CancelTask(ctx, &a2a.CancelTaskRequest{ID: slow.ID})
	good(err)
	must(ended.Status.State == a2a.TaskStateCanceled, ended)
	var last a2a.Event
	for event, err, more := next(); more; event, err, more = next() {
		good(err)
		last = event
	}
	must(stateOf(last) == a2a.TaskStateCanceled, last)
	done("cancel")

	asked := whole(ctx, client, ask("question", nil, false))
	must(asked.Status.State == a2a.TaskStateInputRequired, asked)
	answered := whole(ctx, client, ask("this one", asked, false))
	must(answered.ID == asked.ID && answered.Status.State == a2a.TaskStateCompleted, answered)
	done("input-required")
}
