// SPDX-License-Identifier: Apache-2.0

// The official Go SDK as a server: gRPC in both packages, its card over HTTP, plain on loopback. Prints its address, and for each
// call of gRPC's a line on standard error: method and the seconds that the caller will wait, or "none".
package main

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	grpcv0 "github.com/a2aproject/a2a-go/v2/a2agrpc/v0"
	grpcv1 "github.com/a2aproject/a2a-go/v2/a2agrpc/v1"
	"github.com/a2aproject/a2a-go/v2/a2asrv"
	"google.golang.org/grpc"
)

// talker answers by the word it is sent.
type talker struct{}

func words(message *a2a.Message) string {
	for _, part := range message.Parts {
		if text := part.Text(); text != "" {
			return text
		}
	}
	return ""
}

func (talker) Execute(ctx context.Context, call *a2asrv.ExecutorContext) iter.Seq2[a2a.Event, error] {
	return func(yield func(a2a.Event, error) bool) {
		said := words(call.Message)
		if call.StoredTask == nil && !yield(a2a.NewSubmittedTask(call, call.Message), nil) {
			return
		}
		if !yield(a2a.NewStatusUpdateEvent(call, a2a.TaskStateWorking, nil), nil) {
			return
		}
		if said == "ask" {
			question := a2a.NewMessageForTask(a2a.MessageRoleAgent, call, a2a.NewTextPart("which one?"))
			yield(a2a.NewStatusUpdateEvent(call, a2a.TaskStateInputRequired, question), nil)
			return
		}
		if said == "wait" {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Minute):
			}
		}
		first := a2a.NewArtifactEvent(call, a2a.NewTextPart("heard "))
		if !yield(first, nil) {
			return
		}
		last := a2a.NewArtifactUpdateEvent(call, first.Artifact.ID, a2a.NewTextPart(said))
		last.Append, last.LastChunk = true, true
		if !yield(last, nil) {
			return
		}
		yield(a2a.NewStatusUpdateEvent(call, a2a.TaskStateCompleted, nil), nil)
	}
}

func (talker) Cancel(_ context.Context, call *a2asrv.ExecutorContext) iter.Seq2[a2a.Event, error] {
	return func(yield func(a2a.Event, error) bool) {
		yield(a2a.NewStatusUpdateEvent(call, a2a.TaskStateCanceled, nil), nil)
	}
}

func told(ctx context.Context, method string) {
	left := "none"
	if until, has := ctx.Deadline(); has {
		left = fmt.Sprintf("%.0f", time.Until(until).Seconds())
	}
	fmt.Fprintln(os.Stderr, method, left)
}

func one(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	told(ctx, info.FullMethod)
	return handle(ctx, request)
}

func many(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	told(stream.Context(), info.FullMethod)
	return handle(server, stream)
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	good(err)
	return listener
}

func main() {
	calls, site := listen(), listen()
	card := &a2a.AgentCard{
		Name: "official", Description: "the official server", Version: "1",
		Capabilities:      a2a.AgentCapabilities{Streaming: true},
		DefaultInputModes: []string{"text/plain"}, DefaultOutputModes: []string{"text/plain"},
		Skills: []a2a.AgentSkill{{ID: "chat", Name: "chat", Description: "talks", Tags: []string{"chat"}}},
	}
	for _, version := range []string{"1.0", "0.3"} {
		way := a2a.NewAgentInterface(calls.Addr().String(), a2a.TransportProtocolGRPC)
		way.ProtocolVersion = a2a.ProtocolVersion(version)
		card.SupportedInterfaces = append(card.SupportedInterfaces, way)
	}
	handler := a2asrv.NewHandler(talker{})
	server := grpc.NewServer(grpc.UnaryInterceptor(one), grpc.StreamInterceptor(many))
	grpcv1.NewHandler(handler).RegisterWith(server)
	grpcv0.NewHandler(handler).RegisterWith(server)
	web := http.NewServeMux()
	web.Handle(a2asrv.WellKnownAgentCardPath, a2asrv.NewStaticAgentCardHandler(card))
	go func() { _ = http.Serve(site, web) }()
	fmt.Println("http://" + site.Addr().String())
	_ = server.Serve(calls)
}
