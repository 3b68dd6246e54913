package proto

import "slices"

// Authentication methods (RFC 8176). A key is "hwk" if it cannot leave its
// device and "swk" if it is synced to others; both have asked for the person.
const (
	MethodPassword    = "pwd"
	MethodHardwareKey = "hwk"
	MethodSyncedKey   = "swk"
	MethodMultiple    = "mfa"
)

// Classes of authentication (OpenID Connect Extended Authentication Profile ACR
// Values 1.0 section 2): phishing-resistant, and by a key in hardware.
const (
	ClassPhishingResistant = "phr"
	ClassHardware          = "phrh"
)

// Classes are those that can be asked for by acr_values.
var Classes = []string{ClassPhishingResistant, ClassHardware}

// ClassMet returns the first of the classes that an authentication by the methods
// belongs to, "" for none.
func ClassMet(classes, methods []string) string {
	for _, class := range classes {
		isHardware := slices.Contains(methods, MethodHardwareKey)
		if isHardware || class == ClassPhishingResistant && slices.Contains(methods, MethodSyncedKey) {
			return class
		}
	}
	return ""
}
