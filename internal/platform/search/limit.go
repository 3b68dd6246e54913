//go:build !race

package search

import "time"

// Limit is how long a search may take.
const Limit = 2 * time.Second
