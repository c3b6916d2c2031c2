// The Restate peer's service and its "external worker". Environment: PORT of this service, INGRESS of the server.
import * as restate from "@restatedev/restate-sdk";
import http from "node:http";

const ingress = new URL(process.env.INGRESS);
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function post(path, body) {
  return new Promise((done, failed) => {
    const headers = { "content-type": "application/json" };
    const options = { host: ingress.hostname, port: ingress.port, path, method: "POST", agent, headers };
    const request = http.request(options, (answer) => {
      answer.resume();
      answer.on("end", () => done(answer.statusCode));
    });
    request.on("error", failed);
    request.end(JSON.stringify(body));
  });
}

const double = (x) => ({ ...x, total: x.amount * 2 });
const route = (x) => ({ ...x, route: x.total > 100 ? "big" : "small" });
const done = (x) => ({ ...x, done: true });

const jobs = restate.service({
  name: "Jobs",
  handlers: {
    // Each step is recorded by the server before the next begins.
    A: async (ctx, x) => {
      let v = await ctx.run("s1", () => double(x));
      v = v.total > 100 ? await ctx.run("s2a", () => route(v)) : await ctx.run("s2b", () => route(v));
      return ctx.run("s3", () => done(v));
    },
    // The same logic, only the call and its result are durable.
    A0: async (ctx, x) => done(route(double(x))),
    // The worker gets the job's id and completes it over HTTP.
    B: async (ctx, x) => {
      const { id, promise } = ctx.awakeable();
      await ctx.run("dispatch", () => {
        const complete = () => post(`/restate/awakeables/${id}/resolve`, { ok: true, amount: x.amount });
        setImmediate(() => complete().catch((e) => console.error("worker:", e.message)));
      });
      return promise;
    },
  },
});

restate.serve({ services: [jobs], port: Number(process.env.PORT) });
