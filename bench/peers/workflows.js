/*
 * The peer of a run of five effects: a DBOS workflow of five steps, each of which posts to a sink and is recorded in
 * PostgreSQL before the next begins.  Prints one JSON object.
 * NODE_PATH=build/peers/node_modules node workflows.js SINK_PORT WARM COUNT AT_ONCE; DATABASE_URL names the database.
 */
'use strict'
const http = require('node:http')
const { DBOS } = require('@dbos-inc/dbos-sdk')

const [port, warm, count, atOnce] = process.argv.slice(2).map(Number)
const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce })
const STEPS = 5

function post(step) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ order: 4711, step })
    const request = http.request(
      {
        port, agent, method: 'POST', path: '/effects', host: '127.0.0.1',
        headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, 'Idempotency-Key': `${DBOS.workflowID}:${step}` },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part) => (text += part))
        answer.on('end', () => (answer.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${answer.statusCode}`))))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

async function effects() {
  for (let step = 0; step < STEPS; step++) await DBOS.runStep(() => post(step), { name: `step${step}` })
}

/* `many` workflows, `atOnce` of them at any moment; milliseconds of each. */
async function run(workflow, many) {
  const took = []
  let next = 0
  const lane = async () => {
    while (next++ < many) {
      const from = performance.now()
      const handle = await DBOS.startWorkflow(workflow)()
      await handle.getResult()
      took.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return took.sort((a, b) => a - b)
}

async function main() {
  const workflow = DBOS.registerWorkflow(effects, { name: 'effects' })
  DBOS.setConfig({
    name: 'peer', systemDatabaseUrl: process.env.DATABASE_URL, systemDatabasePoolSize: 20, runAdminServer: false, logLevel: 'error',
  })
  await DBOS.launch()
  await run(workflow, warm)
  const from = performance.now()
  const took = await run(workflow, count)
  const seconds = (performance.now() - from) / 1e3
  console.log(JSON.stringify({
    acknowledged: took.length, seconds, per_second: took.length / seconds,
    p50_ms: took[Math.floor(took.length / 2)], p99_ms: took[Math.floor((took.length * 99) / 100)],
  }))
  await DBOS.shutdown()
  agent.destroy()
}

main()
