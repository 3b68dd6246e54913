package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor time in /proc, the same on every Linux that Go
// supports: proc_pid_stat(5), USER_HZ.
const tick = 10 * time.Millisecond

// cpuTime is what a process has used of the processors so far, in its own code
// and in the kernel.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseCPUTime(string(stat))
}

func parseCPUTime(stat string) (time.Duration, error) {
	// The name of the program, in brackets, may hold blanks and brackets; utime
	// and stime are the 12th and 13th field after it.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("unexpected /proc stat line %q", stat)
	}
	var total time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ticks) * tick
	}
	return total, nil
}

// processors is what became of the time of all processors, as shares.
type processors struct{ busy, stolen float64 }

// watchProcessors returns a function that tells what became of their time since then;
// stolen is what the hypervisor took, which counts as busy.
func watchProcessors() (func() (processors, error), error) {
	before, err := processorTime()
	if err != nil {
		return nil, err
	}
	return func() (processors, error) {
		now, err := processorTime()
		all := float64(max(1, now.total-before.total))
		return processors{1 - float64(now.idle-before.idle)/all, float64(now.stolen-before.stolen) / all}, err
	}, nil
}

// processorTicks is the time of all processors since the machine began.
type processorTicks struct{ total, idle, stolen int64 }

func processorTime() (processorTicks, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return processorTicks{}, err
	}
	return parseProcessorTime(string(stat))
}

func parseProcessorTime(stat string) (t processorTicks, err error) {
	first, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(first)
	// cpu, user, nice, system, idle, iowait, irq, softirq, steal; what follows is
	// counted in user and nice already.
	if len(fields) < 9 || fields[0] != "cpu" {
		return t, fmt.Errorf("unexpected /proc/stat line %q", first)
	}
	for i, field := range fields[1:9] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return t, err
		}
		t.total += ticks
		switch i {
		case 3, 4: // a processor that waits for the disk is free
			t.idle += ticks
		case 7:
			t.stolen = ticks
		}
	}
	return t, nil
}

// residentBytes is how much memory a process occupies.
func residentBytes(pid int) (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	value, err := lookUp(path, "VmRSS")
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseInt(strings.TrimSuffix(value, " kB"), 10, 64)
	return kib * 1024, err
}

// lookUp returns the first value of a key in a file of "key: value" lines.
func lookUp(path, key string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(content)) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("%s has no %s", path, key)
}
