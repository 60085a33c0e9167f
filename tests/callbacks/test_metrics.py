from flask.testing import FlaskClient


def test_the_figures_are_there_for_whoever_asks_from_inside(client: FlaskClient) -> None:
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.7"})

    assert answer.status_code == 200
    assert "ringback_callbacks_unaccounted_for 0.0" in answer.text


def test_nobody_outside_learns_that_there_are_figures(client: FlaskClient) -> None:
    from_outside = client.get("/metrics", environ_base={"REMOTE_ADDR": "8.8.4.4"})
    through_a_proxy = client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})

    assert from_outside.status_code == 404
    assert through_a_proxy.status_code == 404
