package authorize

import (
	"encoding/hex"

	"signet/internal/platform/crypt"
)

// LogID names the interaction in audit records and events. Unlike UID it opens
// nothing.
func (in *Interaction) LogID() string { return hex.EncodeToString(crypt.Hash(in.UID))[:21] }
