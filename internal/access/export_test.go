package access

// Statements returns every statement of the package.
func Statements() []string {
	var all []string
	for _, k := range []*kind{users, applications} {
		all = append(all, k.resource, k.resourceIn, k.organization)
	}
	return all
}
