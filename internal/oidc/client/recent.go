package client

import "sync"

// recent remembers values by name until there are too many; then it forgets all of
// them. It is safe for concurrent use.
type recent[V any] struct {
	most   int
	mu     sync.Mutex
	values map[string]V
}

func (r *recent[V]) get(name string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, ok := r.values[name]
	return value, ok
}

func (r *recent[V]) set(name string, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil || len(r.values) >= r.most {
		r.values = map[string]V{}
	}
	r.values[name] = value
}
