import { client, everything } from '../client.js';

const known = ({ req }) => ({ props: { known: JSON.stringify(req.user) } });

export const getServerSideProps = client.withLogtoSsr(known, everything);

export default ({ known }) => <p>{known}</p>;
