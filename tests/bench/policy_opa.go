// SPDX-License-Identifier: Apache-2.0
// The scenarios of policy_bench, asked of OPA in-process: from the input's JSON bytes to the decision.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"
)

type figure struct {
	Name string `json:"name"`
	P50  int64  `json:"p50_ns"`
	P99  int64  `json:"p99_ns"`
	N    int    `json:"n"`
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(folder, name string) []byte {
	content, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	return content
}

func run(folder, name string) figure {
	ctx := context.Background()
	var data map[string]any
	must(util.NewJSONDecoder(bytes.NewReader(read(folder, name+".data.json"))).Decode(&data))
	query, err := rego.New(rego.Query("data.bench.allow"),
		rego.Module(name+".rego", string(read(folder, name+".rego"))),
		rego.Store(inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true)))).PrepareForEval(ctx)
	must(err)
	input := read(folder, name+".input.json")
	times := []int64{}
	begin := time.Now()
	for i := 0; i < 60000 && time.Since(begin) < 20*time.Second; i++ {
		from := time.Now()
		var given any
		must(util.UnmarshalJSON(input, &given))
		value, err := ast.InterfaceToValue(given)
		must(err)
		answer, err := query.Eval(ctx, rego.EvalParsedInput(value))
		must(err)
		took := time.Since(from).Nanoseconds()
		if !answer.Allowed() {
			must(fmt.Errorf("%s: does not allow", name))
		}
		if i >= 1000 {
			times = append(times, took)
		}
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return figure{"opa_" + name, times[len(times)/2], times[len(times)*99/100], len(times)}
}

func main() {
	files, err := filepath.Glob(filepath.Join(os.Args[1], "*.rego"))
	must(err)
	figures := []figure{}
	for _, file := range files {
		figures = append(figures, run(os.Args[1], strings.TrimSuffix(filepath.Base(file), ".rego")))
	}
	out, err := json.Marshal(figures)
	must(err)
	fmt.Println(string(out))
}
