package errs

// Errors that every collection of the REST API shares. A slice returns its own
// where the published API names one; these are for all the rest.
var (
	// ErrNotFound: what is to be read or deleted is not there.
	ErrNotFound = New(404, "entity.not_found")
	// ErrNotExists: what is to be changed is not there.
	ErrNotExists = New(404, "entity.not_exists")
	// ErrNotExistsWithID: nothing has the id in the path.
	ErrNotExistsWithID = New(404, "entity.not_exists_with_id")
	// ErrReference: an id in the body names nothing.
	ErrReference = New(404, "entity.relation_foreign_key_not_found")
	// ErrReferenceInOrganization is ErrReference as organizations, their roles,
	// scopes and invitations answer it.
	ErrReferenceInOrganization = New(422, "entity.relation_foreign_key_not_found")
	// ErrConstraint: the rows exist but do not go together, such as a user and a
	// role for machines.
	ErrConstraint = New(422, "entity.db_constraint_violated")
	// ErrNotUnique: there is one already.
	ErrNotUnique = New(422, "entity.unique_integrity_violation")
	// ErrNothingToChange: a PATCH that sets nothing.
	ErrNothingToChange = New(422, "entity.invalid_input")
	// ErrTooLong: a value does not fit.
	ErrTooLong = New(422, "entity.value_too_long")
)
