package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"signet/test/flow"
)

// starts is how often the server is started, each time cold and then warm; the
// medians count.
const starts = 5

func measureStarts(ctx context.Context, binary, dir string) ([]figure, error) {
	progress("starting the server %d times on nothing and %d times on its data", starts, starts)
	var first, warm spread
	for i := range starts {
		data := filepath.Join(dir, fmt.Sprintf("start-%d", i))
		for _, into := range []*spread{&first, &warm} {
			server, err := start(ctx, binary, data)
			if err != nil {
				return nil, err
			}
			*into = append(*into, server.Ready)
			if err := server.Stop(); err != nil {
				return nil, err
			}
		}
	}
	return []figure{
		figure{name: "First start until healthy: schema, keys, two tenants", value: first.quantile(0.5).Seconds(), digits: 2, unit: "s"}.atMost(1),
		figure{name: "Warm start until healthy", value: warm.quantile(0.5).Seconds(), digits: 2, unit: "s"}.atMost(0.3),
	}, nil
}

func measureSize(binary string) (figure, error) {
	info, err := os.Stat(binary)
	if err != nil {
		return figure{}, err
	}
	return figure{name: "Binary, stripped, everything in it", value: float64(info.Size()) / 1e6, digits: 1, unit: "MB"}.atMost(45), nil
}

// measureIdle leaves the server alone for five seconds and looks at its memory.
func measureIdle(ctx context.Context, server *flow.Process, name string) (figure, error) {
	progress("leaving the server alone")
	select {
	case <-ctx.Done():
		return figure{}, ctx.Err()
	case <-time.After(5 * time.Second):
	}
	resident, err := residentBytes(server.PID())
	return figure{name: name, value: float64(resident) / 1e6, digits: 1, unit: "MB"}, err
}
