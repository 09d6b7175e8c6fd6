Feature: Timeout

  Scenario: A task that takes too long is timed out
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {wait: {hours: 2}, timeout: {after: {seconds: 5}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout, status: 408, instance: /do/0/a}
    """

  Scenario: A time-out is caught around the task
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {try: [{b: {wait: {hours: 2}, timeout: {after: PT5S}}}], catch: {errors: {with: {status: 408}}, do: [{h: {set: {late: true}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {late: true}
    """

  Scenario: A workflow that takes too long faults
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    timeout: {after: {minutes: 1}}
    do:
    - a: {wait: {hours: 2}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout, status: 408, instance: /timeout}
    """

  Scenario: What ends in time is left alone
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    do:
    - a: {do: [{b: {wait: {seconds: 1}}}, {c: {set: {x: 1}}}], timeout: {after: {seconds: 5}}}
    - d: {wait: {seconds: 10}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {x: 1}
    """
