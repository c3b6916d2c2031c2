// The Temporal peer: worker and closed loop of clients in one process, over gRPC to the server.
// Arguments: the server's address. A request is one line "JOB CLIENTS SECONDS", an answer one JSON object.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
)

const queue = "bench"

// Data is the start data of every job: about 250 bytes.
type Data struct {
	Amount   int64
	Customer string
	Note     string
	Total    int64
	Route    string
	Done     bool
}

func double(_ context.Context, d Data) (Data, error) { d.Total = d.Amount * 2; return d, nil }
func big(_ context.Context, d Data) (Data, error)    { d.Route = "big"; return d, nil }
func small(_ context.Context, d Data) (Data, error)  { d.Route = "small"; return d, nil }
func done(_ context.Context, d Data) (Data, error)   { d.Done = true; return d, nil }

// straight runs three steps, each through `step`.
func straight(ctx workflow.Context, d Data, step func(any) error) error {
	if err := step(double); err != nil {
		return err
	}
	var route any = small
	if d.Amount*2 > 100 {
		route = big
	}
	if err := step(route); err != nil {
		return err
	}
	return step(done)
}

// A: each step is an activity of its own, recorded by the server before the next begins.
func A(ctx workflow.Context, d Data) (Data, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err := straight(ctx, d, func(f any) error { return workflow.ExecuteActivity(ctx, f, d).Get(ctx, &d) })
	return d, err
}

// A0: the steps are plain code inside one workflow task: only start and result are durable.
func A0(ctx workflow.Context, d Data) (Data, error) {
	err := straight(ctx, d, func(f any) error {
		var err error
		d, err = f.(func(context.Context, Data) (Data, error))(context.Background(), d)
		return err
	})
	return d, err
}

// B: one activity, taken and completed by the worker.
func B(ctx workflow.Context, d Data) (Data, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err := workflow.ExecuteActivity(ctx, done, d).Get(ctx, &d)
	return d, err
}

// Answer is what the harness reads.
type Answer struct {
	Job        string  `json:"job"`
	Clients    int     `json:"clients"`
	OK         int     `json:"ok"`
	Errors     int64   `json:"errors"`
	Seconds    float64 `json:"seconds"`
	PerSecond  float64 `json:"per_second"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	FirstError string  `json:"first_error"`
}

var next atomic.Int64
var run = fmt.Sprintf("%d", time.Now().UnixNano())

func one(c client.Client, job any, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n := next.Add(1)
	options := client.StartWorkflowOptions{ID: fmt.Sprintf("%s-%s-%d", name, run, n), TaskQueue: queue}
	d := Data{Amount: n % 100, Customer: fmt.Sprintf("c%d", n), Note: strings.Repeat("x", 200)}
	handle, err := c.ExecuteWorkflow(ctx, options, job, d)
	if err != nil {
		return err
	}
	return handle.Get(ctx, &d)
}

func measure(c client.Client, job any, name string, clients int, seconds float64) Answer {
	var lock sync.Mutex
	var all []float64
	answer := Answer{Job: name, Clients: clients}
	var wait sync.WaitGroup
	began := time.Now()
	until := began.Add(time.Duration(seconds * float64(time.Second)))
	for range clients {
		wait.Go(func() {
			var mine []float64
			for time.Now().Before(until) {
				start := time.Now()
				if err := one(c, job, name); err != nil {
					atomic.AddInt64(&answer.Errors, 1)
					lock.Lock()
					answer.FirstError = err.Error()
					lock.Unlock()
					continue
				}
				mine = append(mine, float64(time.Since(start).Microseconds())/1000)
			}
			lock.Lock()
			all = append(all, mine...)
			lock.Unlock()
		})
	}
	wait.Wait()
	answer.Seconds = time.Since(began).Seconds()
	sort.Float64s(all)
	answer.OK = len(all)
	answer.PerSecond = float64(len(all)) / answer.Seconds
	if len(all) > 0 {
		answer.P50 = all[(len(all)-1)/2]
		answer.P99 = all[(len(all)-1)*99/100]
	}
	return answer
}

func say(v any) {
	if err := json.NewEncoder(os.Stdout).Encode(v); err != nil {
		os.Exit(1)
	}
}

// connect makes the namespace, whose name the server's caches learn within seconds, and the client.
func connect(address string) (client.Client, error) {
	quiet := log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	options := client.Options{HostPort: address, Logger: quiet}
	spaces, err := client.NewNamespaceClient(options)
	if err != nil {
		return nil, err
	}
	defer spaces.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	for {
		err = spaces.Register(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: "default", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
		})
		if _, exists := err.(*serviceerror.NamespaceAlreadyExists); err == nil || exists {
			var c client.Client
			if c, err = client.Dial(options); err == nil {
				if _, err = c.DescribeTaskQueue(ctx, queue, enums.TASK_QUEUE_TYPE_WORKFLOW); err == nil {
					return c, nil
				}
				c.Close()
			}
		}
		if ctx.Err() != nil {
			return nil, err
		}
		time.Sleep(500 * time.Millisecond)
	}
}

func main() {
	c, err := connect(os.Args[1])
	if err != nil {
		say(map[string]string{"error": err.Error()})
		os.Exit(1)
	}
	w := worker.New(c, queue, worker.Options{
		MaxConcurrentWorkflowTaskPollers: 8, MaxConcurrentActivityTaskPollers: 8, DisableRegistrationAliasing: true,
	})
	jobs := map[string]any{"A": A, "A0": A0, "B": B}
	for _, job := range jobs {
		w.RegisterWorkflow(job)
	}
	for _, f := range []any{double, big, small, done} {
		w.RegisterActivity(f)
	}
	if err := w.Start(); err != nil {
		say(map[string]string{"error": err.Error()})
		os.Exit(1)
	}
	say(map[string]any{"ready": true, "runtime": runtime.Version() + ", SDK " + temporal.SDKVersion})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var name string
		var clients int
		var seconds float64
		if _, err := fmt.Sscan(in.Text(), &name, &clients, &seconds); err != nil || jobs[name] == nil {
			say(map[string]string{"error": "not understood: " + in.Text()})
			continue
		}
		say(measure(c, jobs[name], name, clients, seconds))
	}
	w.Stop()
}
