"""How a campaign runs: figures, forecasts and alarms, none of them tied to a person."""
