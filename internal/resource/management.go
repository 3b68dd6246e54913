package resource

// ManagementScope is the only scope of a Management API, and what every call of
// it needs.
const ManagementScope = "all"

// ManagementIndicator returns the indicator of a tenant's Management API. It
// names the API and is no address.
func ManagementIndicator(tenantID string) string { return "https://" + tenantID + ".logto.app/api" }
