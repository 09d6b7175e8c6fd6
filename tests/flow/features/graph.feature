Feature: Graph

  Scenario: Outputs by step
    Given a workflow with definition:
    """yaml
    workflow_id: w
    version: 1.0.0
    name: W
    steps:
    - {step_id: a, type: set, params: {v: 1}}
    - {step_id: b, type: set, params: {v: "${{ steps.a.output.v }}"}, depends_on: [a]}
    """
    And given the workflow input is:
    """yaml
    {}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {a: {v: 1}, b: {v: 1}}
    """
    And b should run after a

  Scenario: Outputs by name
    Given a workflow with definition:
    """yaml
    workflow_id: w
    version: 1.0.0
    name: W
    outputs: {sum: "${ .steps.a.output.v + .inputs.n }"}
    steps:
    - {step_id: a, type: set, params: {v: 1}}
    """
    And given the workflow input is:
    """yaml
    {n: 41}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {sum: 42}
    """

  Scenario: Text with references inside
    Given a workflow with definition:
    """yaml
    workflow_id: w
    version: 1.0.0
    name: W
    outputs: {t: .steps.a.output.t}
    steps:
    - {step_id: a, type: set, params: {t: "n=${{ inputs.n }}, m=${{ inputs.m }}"}}
    """
    And given the workflow input is:
    """yaml
    {n: [1]}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {t: "n=[1], m=null"}
    """

  Scenario: A condition that does not hold skips and lets the rest go on
    Given a workflow with definition:
    """yaml
    workflow_id: w
    version: 1.0.0
    name: W
    steps:
    - {step_id: a, type: set, params: {v: 1}, condition: .inputs.go}
    - {step_id: b, type: set, params: {s: "${ .steps.a.status }"}, depends_on: [a]}
    """
    And given the workflow input is:
    """yaml
    {go: false}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {b: {s: skipped}}
    """

  Scenario: A failed step skips what lies behind it
    Given a workflow with definition:
    """yaml
    workflow_id: w
    version: 1.0.0
    name: W
    steps:
    - {step_id: bad, type: shell, params: {command: exit 1}, retry_count: 1, retry_delay_seconds: 2}
    - {step_id: b, type: set, params: {v: 1}, depends_on: [bad]}
    - {step_id: c, type: set, params: {v: 1}, depends_on: [b]}
    - {step_id: d, type: set, params: {v: 1}}
    """
    And given the workflow input is:
    """yaml
    {}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/runtime, status: 500, detail: "failed steps: bad"}
    """
    And d should run after bad

  Scenario: Unless it runs on failure
    Given a workflow with definition:
    """yaml
    workflow_id: w
    version: 1.0.0
    name: W
    outputs: {s: .steps.bad.status}
    steps:
    - {step_id: a, type: wait, params: {hours: 1}}
    - {step_id: b, type: set, params: {v: 1}, depends_on: [a]}
    - {step_id: bad, type: set, params: {v: 1}, depends_on: [b]}
    """
    And given the workflow input is:
    """yaml
    {}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {s: completed}
    """
