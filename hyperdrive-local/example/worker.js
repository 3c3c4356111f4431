// A Worker that passes a parameter in a prepared statement, and the same in a text statement.
import { createConnection } from "mysql2/promise";

export default {
  async fetch(request, env) {
    const { host, user, password, database, port } = env.HYPERDRIVE;
    const connection = await createConnection({ host, user, password, database, port, disableEval: true });
    const ask = new URL(request.url).pathname === "/prepared" ? "execute" : "query";
    try {
      const [rows] = await connection[ask]("SELECT ? AS answer", [42]);
      return Response.json(rows);
    } catch (error) {
      return new Response(`${error.message}\n`, { status: 500 });
    }
  },
};
