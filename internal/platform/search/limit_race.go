//go:build race

package search

import "time"

// Limit is how long a search may take. The race detector makes SQLite ten times
// slower than it is.
const Limit = 20 * time.Second
