// IAM decisions by @cloud-copilot/iam-simulate, a second evaluator beside the local cloud's.
// Standard input: one JSON object a line, {principal, action, resource, context, identity: [policy],
// boundary: [policy], resourcePolicy}. Standard output: for each line Allowed, ImplicitlyDenied,
// ExplicitlyDenied, or "error: " and why there is no answer.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder] = process.argv.slice(2)
const entry = createRequire(`${folder}/package.json`).resolve('@cloud-copilot/iam-simulate')
const { runSimulation } = await import(pathToFileURL(entry))

const everything = {
  orgIdentifier: 'o-local',
  policies: [{ name: 'all', policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } }],
}
const named = (policies) => policies.map((policy, index) => ({ name: `policy${index}`, policy }))

for await (const line of createInterface({ input: process.stdin })) {
  const { principal, action, resource, context, identity, boundary, resourcePolicy } = JSON.parse(line)
  const account = principal.split(':')[4]
  const answer = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: named(identity),
      permissionBoundaryPolicies: boundary.length ? named(boundary) : undefined,
      resourcePolicy: resourcePolicy ?? undefined,
      serviceControlPolicies: [everything],
      resourceControlPolicies: [],
    },
    {},
  )
  console.log(answer.resultType === 'error' ? `error: ${JSON.stringify(answer.errors)}` : answer.overallResult)
}
