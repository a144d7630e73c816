// SPDX-License-Identifier: Apache-2.0

// grpc-go as it comes, no A2A SDK above it: what a gRPC server owes every client. client HOST:PORT CERT KEY CA; prints each step.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	pb "github.com/a2aproject/a2a-go/v2/a2apb/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

const service = "lf.a2a.v1.A2AService"

func is(err error, code codes.Code) *status.Status {
	got := status.Convert(err)
	must(got.Code() == code, "not", code, "but", got.Code(), got.Message())
	return got
}

func dial(target, cert, key, ca string) *grpc.ClientConn {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(credentials.NewTLS(secured(cert, key, ca))),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20)))
	good(err)
	return connection
}

func within(limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), limit)
}

func say(id, text string) *pb.SendMessageRequest {
	part := &pb.Part{Content: &pb.Part_Text{Text: text}}
	return &pb.SendMessageRequest{Message: &pb.Message{MessageId: id, Role: pb.Role_ROLE_USER, Parts: []*pb.Part{part}}}
}

func reflected(ctx context.Context, connection *grpc.ClientConn) {
	stream, err := reflectionpb.NewServerReflectionClient(connection).ServerReflectionInfo(ctx)
	good(err)
	ask := func(request *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
		good(stream.Send(request))
		answer, err := stream.Recv()
		good(err)
		return answer
	}
	listed := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	var names []string
	for _, one := range listed.GetListServicesResponse().GetService() {
		names = append(names, one.Name)
	}
	for _, wanted := range []string{service, "a2a.v1.A2AService", "grpc.health.v1.Health"} {
		must(slices.Contains(names, wanted), wanted, "is not in", names)
	}
	symbol := func(name string) *reflectionpb.ServerReflectionResponse {
		return ask(&reflectionpb.ServerReflectionRequest{
			MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}})
	}
	methods := 0
	for _, raw := range symbol(service).GetFileDescriptorResponse().GetFileDescriptorProto() {
		var file descriptorpb.FileDescriptorProto
		good(proto.Unmarshal(raw, &file))
		for _, one := range file.GetService() {
			methods += len(one.GetMethod())
		}
	}
	must(methods == 11, "methods:", methods)
	must(symbol("no.such.Thing").GetErrorResponse().GetErrorCode() == int32(codes.NotFound), "an unknown symbol is found")
	good(stream.CloseSend())
	_, err = stream.Recv()
	must(errors.Is(err, io.EOF), "reflection does not end:", err)
	done("reflection")
}

func healthy(ctx context.Context, connection *grpc.ClientConn) {
	client := grpc_health_v1.NewHealthClient(connection)
	for _, name := range []string{"", service} {
		answer, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: name})
		good(err)
		must(answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING, name, answer)
	}
	_, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "no.such"})
	is(err, codes.NotFound)
	done("health")
}

func streamed(ctx context.Context, client pb.A2AServiceClient) {
	stream, err := client.SendStreamingMessage(ctx, say("count", "count"))
	good(err)
	var states []pb.TaskState
	first, artifacts := "", 0
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		good(err)
		if first == "" {
			first = fmt.Sprintf("%T", event.GetPayload())
		}
		if event.GetArtifactUpdate() != nil {
			artifacts++
		}
		if update := event.GetStatusUpdate(); update != nil {
			states = append(states, update.GetStatus().GetState())
		}
	}
	must(first == "*a2apb.StreamResponse_Task", first)
	must(artifacts >= 3 && states[len(states)-1] == pb.TaskState_TASK_STATE_COMPLETED, artifacts, states)
	done("stream")
}

// A deadline that passes ends the call here and there, and the task goes on.
func late(ctx context.Context, client pb.A2AServiceClient) {
	short, stop := context.WithTimeout(ctx, 300*time.Millisecond)
	defer stop()
	_, err := client.SendMessage(short, say("late", "wait"))
	is(err, codes.DeadlineExceeded)
	page, err := client.ListTasks(ctx, &pb.ListTasksRequest{Status: pb.TaskState_TASK_STATE_WORKING})
	good(err)
	must(len(page.GetTasks()) == 1, "working:", page)
	ended, err := client.CancelTask(ctx, &pb.CancelTaskRequest{Id: page.GetTasks()[0].GetId()})
	good(err)
	must(ended.GetStatus().GetState() == pb.TaskState_TASK_STATE_CANCELED, ended)
	// One that has passed already never arrives; one of grpc-timeout's longest units is understood.
	gone, stop2 := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer stop2()
	_, err = client.SendMessage(gone, say("gone", "hello"))
	is(err, codes.DeadlineExceeded)
	far, stop3 := context.WithTimeout(context.Background(), 90_000*time.Hour)
	defer stop3()
	_, err = client.SendMessage(far, say("far", "hello"))
	good(err)
	done("deadline")
}

// Cancelling a call cancels the call, not the task.
func cancelled(ctx context.Context, client pb.A2AServiceClient) {
	leaving, leave := context.WithCancel(ctx)
	stream, err := client.SendStreamingMessage(leaving, say("leave", "wait"))
	good(err)
	opening, err := stream.Recv()
	good(err)
	id := opening.GetTask().GetId()
	leave()
	for err == nil {
		_, err = stream.Recv()
	}
	is(err, codes.Canceled)
	task, err := client.GetTask(ctx, &pb.GetTaskRequest{Id: id})
	good(err)
	must(task.GetStatus().GetState() == pb.TaskState_TASK_STATE_WORKING || task.GetStatus().GetState() == pb.TaskState_TASK_STATE_SUBMITTED, task)
	again, err := client.SubscribeToTask(ctx, &pb.SubscribeToTaskRequest{Id: id})
	good(err)
	snapshot, err := again.Recv()
	good(err)
	must(snapshot.GetTask().GetId() == id, snapshot)
	_, err = client.CancelTask(ctx, &pb.CancelTaskRequest{Id: id})
	good(err)
	var last *pb.StreamResponse
	for {
		event, err := again.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		good(err)
		last = event
	}
	must(last.GetStatusUpdate().GetStatus().GetState() == pb.TaskState_TASK_STATE_CANCELED, last)
	_, err = client.CancelTask(ctx, &pb.CancelTaskRequest{Id: id})
	reasoned(is(err, codes.FailedPrecondition), "TASK_NOT_CANCELABLE")
	done("cancel")
}

func reasoned(got *status.Status, reason string) {
	for _, detail := range got.Details() {
		if info, is := detail.(*errdetails.ErrorInfo); is {
			must(info.GetReason() == reason && info.GetDomain() == "a2a-protocol.org", info)
			return
		}
	}
	must(false, "no ErrorInfo with", got)
}

func detailed(ctx context.Context, client pb.A2AServiceClient, connection *grpc.ClientConn) {
	_, err := client.GetTask(ctx, &pb.GetTaskRequest{Id: "nope"})
	reasoned(is(err, codes.NotFound), "TASK_NOT_FOUND")
	_, err = client.GetTask(metadata.AppendToOutgoingContext(ctx, "a2a-version", "99.0"), &pb.GetTaskRequest{Id: "nope"})
	reasoned(is(err, codes.FailedPrecondition), "VERSION_NOT_SUPPORTED")
	_, err = client.SendMessage(ctx, &pb.SendMessageRequest{})
	violations := 0
	for _, detail := range is(err, codes.InvalidArgument).Details() {
		if bad, is := detail.(*errdetails.BadRequest); is {
			violations += len(bad.GetFieldViolations())
		}
	}
	must(violations > 0, "no field is named:", err)
	for _, method := range []string{"/" + service + "/Nope", "/no.such.Service/Nope"} {
		is(connection.Invoke(ctx, method, &pb.GetTaskRequest{}, &pb.Task{}), codes.Unimplemented)
	}
	_, err = client.GetTask(ctx, &pb.GetTaskRequest{Id: "nope"}, grpc.UseCompressor(gzip.Name))
	is(err, codes.Unimplemented)
	done("status")
}

func large(ctx context.Context, client pb.A2AServiceClient) {
	raw := bytes.Repeat([]byte{0, 1, 0xfe, 0xff}, 10<<18)
	request := say("large", "hello")
	request.Message.Parts = append(request.Message.Parts, &pb.Part{Content: &pb.Part_Raw{Raw: raw}, MediaType: "application/octet-stream"})
	answer, err := client.SendMessage(ctx, request)
	good(err)
	must(bytes.Equal(answer.GetTask().GetHistory()[0].GetParts()[1].GetRaw(), raw), "the part is not what was sent")
	done("large")
}

// More calls than a connection may have streams: the client queues, nothing is refused.
func many(ctx context.Context, client pb.A2AServiceClient) {
	var group sync.WaitGroup
	for i := range 300 {
		group.Add(1)
		go func() {
			defer group.Done()
			answer, err := client.SendMessage(ctx, say(fmt.Sprint("many-", i), "hello"))
			good(err)
			must(answer.GetTask().GetStatus().GetState() == pb.TaskState_TASK_STATE_COMPLETED, answer)
		}()
	}
	group.Wait()
	done("many")
}

func main() {
	connection := dial(os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	defer connection.Close()
	ctx, stop := within(90 * time.Second)
	defer stop()
	client := pb.NewA2AServiceClient(connection)
	reflected(ctx, connection)
	healthy(ctx, connection)
	answer, err := client.SendMessage(ctx, say("hello", "hello"))
	good(err)
	must(answer.GetTask().GetStatus().GetState() == pb.TaskState_TASK_STATE_COMPLETED, answer)
	done("send")
	streamed(ctx, client)
	late(ctx, client)
	cancelled(ctx, client)
	detailed(ctx, client, connection)
	large(ctx, client)
	many(ctx, client)
}
