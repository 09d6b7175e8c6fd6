Feature: Try

  Scenario: A caught error without handler completes with the input
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {try: [{b: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {}}
    """
    And given the workflow input is:
    """yaml
    {n: 1}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: 1}
    """

  Scenario: Another type is not caught
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {try: [{b: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {errors: {with: {type: "urn:y"}}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:x", instance: /do/0/a/try/0/b}
    """

  Scenario: Spellings of a type are one
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    do:
    - a: {try: [{b: {raise: {error: {type: "https://open-workflow-specification.org/dsl/errors/types/timeout", status: 408, title: t}}}}], catch: {errors: {with: {type: "https://serverlessworkflow.io/spec/1.0.0/errors/timeout"}}, do: [{h: {set: {c: "${ $error.status }"}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {c: 408}
    """

  Scenario: When decides with the error
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    do:
    - a: {try: [{b: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {as: e, when: $e.status == 400, do: [{h: {set: {c: 1}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {c: 1}
    """

  Scenario: ExceptWhen lets it pass
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s4, version: 1.0.0}
    do:
    - a: {try: [{b: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {exceptWhen: $error.status == 400}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {status: 400}
    """

  Scenario: Count is the number of retries
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s5, version: 1.0.0}
    do:
    - a: {try: [{c: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {retry: {delay: {seconds: 3}, backoff: {exponential: {}}, limit: {attempt: {count: 2}}}, do: [{h: {set: {done: true}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {done: true}
    """

  Scenario: Exhausted retries raise the error again
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s6, version: 1.0.0}
    do:
    - a: {try: [{c: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {retry: {delay: {seconds: 3}, limit: {attempt: {count: 1}}}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:x", instance: /do/0/a/try/0/c}
    """

  Scenario: The handler is told its own place and the catch directs the flow
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s7, version: 1.0.0}
    do:
    - a: {try: [{b: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {do: [{h: {set: {v: 1}}}], then: end}}
    - z: {set: {v: 2}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {v: 1}
    """

  Scenario: An error in the handler goes on
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s8, version: 1.0.0}
    do:
    - a: {try: [{b: {raise: {error: {type: "urn:x", status: 400, title: t}}}}], catch: {do: [{h: {raise: {error: {type: "urn:y", status: 401, title: t}}}}]}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:y", instance: /do/0/a/catch/do/0/h}
    """

  Scenario: A named error is raised
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s9, version: 1.0.0}
    use: {errors: {mine: {type: "urn:x", status: 409, title: Mine, detail: "${ .d }"}}}
    do:
    - a: {raise: {error: mine}}
    """
    And given the workflow input is:
    """yaml
    {d: why}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:x", status: 409, title: Mine, detail: why, instance: /do/0/a}
    """

  Scenario: An attempt is ended by its time, and the retries with it
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s40, version: 1.0.0}
    do:
    - a: {try: [{b: {wait: {seconds: 9}}}], catch: {errors: {with: {status: 408, instance: /do/0/a}}, as: e, retry: {delay: {milliseconds: 5}, limit: {attempt: {count: 1, duration: {milliseconds: 20}}}}, do: [{c: {set: {late: "${ $e.type | split(\"/\") | last }"}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {late: timeout}
    """

  Scenario: Each attempt has its time anew
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s41, version: 1.0.0}
    do:
    - a:
        try:
        - mark: {set: "${ . }", export: {as: "${ {n: (($context.n // 0) + 1)} }"}}
        - inner: {do: [{b: {if: $context.n < 3, wait: {seconds: 9}}}]}
        - done: {set: {tries: "${ $context.n }"}}
        catch: {retry: {delay: {milliseconds: 5}, limit: {attempt: {count: 5, duration: "${ .time }"}}}}
    """
    And given the workflow input is:
    """yaml
    {time: PT0.02S}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {tries: 3}
    """

  Scenario: What the catch does not take goes on as the timeout of the try
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s42, version: 1.0.0}
    do:
    - a: {try: [{f: {fork: {branches: [{b: {wait: {seconds: 9}}}, {c: {wait: {seconds: 8}}}]}}}], catch: {errors: {with: {status: 503}}, retry: {limit: {attempt: {count: 3, duration: {milliseconds: 20}}}}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "https://serverlessworkflow.io/spec/1.0.0/errors/timeout", status: 408, instance: /do/0/a}
    """

  Scenario: An extended try has it too
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s43, version: 1.0.0}
    use: {extensions: [{x: {extend: try, before: [{n: {set: {seen: true}}}]}}]}
    do:
    - a: {try: [{b: {wait: {seconds: 9}}}], catch: {retry: {delay: {milliseconds: 5}, limit: {attempt: {count: 1, duration: {milliseconds: 20}}}}, do: [{c: {set: {late: true}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {late: true}
    """
