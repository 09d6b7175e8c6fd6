Feature: Extensions

  Scenario: Before and after a task, and their output is dropped
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: around, version: 1.0.0}
    use:
      extensions:
      - log:
          extend: set
          before:
          - first: {emit: {event: {with: {type: before, source: urn:x, data: "${ . }"}}}}
          after:
          - last: {emit: {event: {with: {type: after, source: urn:x, data: "${ . }"}}}}
    do:
    - a: {set: {x: "${ .x + 1 }"}, input: {from: "${ {x: .n} }"}, output: {as: "${ .x }"}}
    """
    And given the workflow input is:
    """yaml
    {n: 1}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    2
    """
    And first should run after a
    And last should run after first

  Scenario: What they see is the transformed input, the raw output, and the task they extend
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: sees, version: 1.0.0}
    use:
      extensions:
      - log:
          extend: set
          before:
          - b: {wait: {seconds: 1}, export: {as: "${ $context + {b: [., $task.name, $task.input]} }"}}
          after:
          - c: {wait: {seconds: 1}, export: {as: "${ $context + {c: [., $task.reference, $task.output.y]} }"}}
    do:
    - a: {set: {y: "${ .x }"}, input: {from: "${ {x: .n} }"}, output: {as: "${ .y }"}}
    - z: {do: [{k: {wait: {seconds: 1}, output: {as: "${ $context }"}}}]}
    """
    And given the workflow input is:
    """yaml
    {n: 1}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {b: [{x: 1}, a, {n: 1}], c: [{y: 1}, /do/0/a, 1]}
    """

  Scenario: An exit before takes the place of the body
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: mock, version: 1.0.0}
    use:
      extensions:
      - mock:
          extend: call
          when: '($task.with.endpoint | tostring) | startswith("http://nowhere")'
          before:
          - answer:
              set: {mocked: "${ . }"}
              then: exit
    do:
    - a:
        call: http
        with: {method: get, endpoint: 'http://nowhere.test/'}
        output: {as: "${ .mocked + 1 }"}
    """
    And given the workflow input is:
    """yaml
    4
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    5
    """

  Scenario: An exit after makes another output
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: replaces, version: 1.0.0}
    use:
      extensions:
      - wrap: {extend: set, after: [{w: {do: [{x: {wait: {seconds: 0}}}], output: {as: "${ {wrapped: .} }"}, then: exit}}]}
    do:
    - a: {set: "${ 1 }"}
    - b: {switch: [{one: {when: ".wrapped == 1", then: end}}]}
    - c: {set: "${ 2 }"}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {wrapped: 1}
    """

  Scenario: The directive of a switch holds after its extensions
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: directs, version: 1.0.0}
    use:
      extensions:
      - log: {extend: switch, before: [{b: {set: "${ \"x\" }"}}], after: [{c: {set: "${ \"y\" }"}}]}
    do:
    - s: {switch: [{go: {when: ". == 1", then: far}}]}
    - near: {set: "${ 2 }"}
    - far: {set: "${ [.] }"}
    """
    And given the workflow input is:
    """yaml
    1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [1]
    """

  Scenario: Loops, in each round
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: rounds, version: 1.0.0}
    use:
      extensions:
      - count: {extend: wait, before: [{b: {set: "${ . }", export: {as: "${ {n: (($context.n // 0) + 1)} }"}}}]}
    do:
    - l: {for: {in: "${ [1,2,3] }"}, do: [{w: {wait: {seconds: 1}}}]}
    - r: {set: "${ $context.n }"}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    3
    """

  Scenario: A fault of an extension is the task's, and can be caught
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: faults, version: 1.0.0}
    use:
      extensions:
      - check: {extend: set, when: "$task.name == \"a\"", before: [{b: {raise: {error: {type: 'urn:x', status: 400, title: no}}}}]}
    do:
    - t: {try: [{a: {set: "${ 1 }"}}], catch: {do: [{h: {set: "${ $error.instance }"}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    /do/0/t/try/0/a/before/0/b
    """

  Scenario: Several, in the order in which they stand
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: several, version: 1.0.0}
    use:
      extensions:
      - one: {extend: do, before: [{b1: {wait: {seconds: 1}, export: {as: "${ {s: [\"b1\"]} }"}}}], after: [{a1: {wait: {seconds: 1}, export: {as: "${ {s: ($context.s + [\"a1\"])} }"}}}]}
      - two: {extend: all, when: "$task.name == \"body\"", before: [{b2: {wait: {seconds: 1}, export: {as: "${ {s: ($context.s + [\"b2\"])} }"}}}]}
    do:
    - body: {do: [{x: {set: "${ 1 }"}}]}
    - r: {set: "${ $context.s }"}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [b1, b2, a1]
    """
