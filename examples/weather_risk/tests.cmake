# The main example on its own data, on every backend, and what it says to bad input.

set(weather_risk ${CMAKE_CURRENT_LIST_DIR})

add_test(NAME example.weather_risk
  COMMAND example_weather_risk --backend all --samples 2000
    --data ${CMAKE_CURRENT_SOURCE_DIR}/data/weather.csv)
# It exits with 1 where a backend gives other bits than inline.
set_tests_properties(example.weather_risk PROPERTIES RUN_SERIAL ON TIMEOUT 120)

# weather_risk_refuses_file(name line reason): bad_input/name.csv is refused for a reason in that line.
function(weather_risk_refuses_file name line reason)
  trireme_add_refusal_of(weather_risk ${name} ".*/${name}\\.csv:${line}: ${reason}\n"
    --data ${weather_risk}/bad_input/${name}.csv)
endfunction()

weather_risk_refuses_file(empty 1 "the file is empty")
weather_risk_refuses_file(no_rows 1 "there is no row of Seattle")
weather_risk_refuses_file(missing_column 1 "the header has no column \"temp_min\"")
weather_risk_refuses_file(no_number 3 "temp_max \"warm\" is no number")
weather_risk_refuses_file(not_finite 3 "temp_min \"nan\" is no number")
weather_risk_refuses_file(hot 3 "temp_max \"1e308\" is not between -90 and 60 °C")
weather_risk_refuses_file(cold 3 "temp_min \"-1e308\" is not between -90 and 60 °C")
weather_risk_refuses_file(negative_rain 3 "precipitation \"-0.1\" is not between 0 and 2000 mm")
weather_risk_refuses_file(storm 3 "wind \"121\" is not between 0 and 120 m/s")
weather_risk_refuses_file(upside_down 3 "temp_max \"5.0\" is below temp_min \"12.8\"")
weather_risk_refuses_file(empty_field 3 "temp_max \"\" is no number")
weather_risk_refuses_file(no_date 3 "date \"2012-02-30\" is no date like 2012-01-31")
weather_risk_refuses_file(short_row 3 "the row has 4 fields, the header 7")
weather_risk_refuses_file(missing_day 4 "Seattle: 2012-01-03 is missing")
weather_risk_refuses_file(ends_early 6 "New York: 2012-01-03 is missing")
weather_risk_refuses_file(begins_late 4 "New York: 2012-01-01 is missing")
weather_risk_refuses_file(duplicate_day 4 "Seattle 2012-01-01 is there twice, first in line 2")
weather_risk_refuses_file(missing_city 3 "there is no row of New York")
weather_risk_refuses_file(no_winter 5 "the days end before there is one of each from 1 November to 31 March")

trireme_add_refusal_of(weather_risk no_file
  ".*/none\\.csv: can't be opened: No such file" --data ${weather_risk}/bad_input/none.csv)
trireme_add_refusal_of(weather_risk directory ".*/bad_input: is a directory" --data ${weather_risk}/bad_input)
trireme_add_refusal_of(weather_risk negative_samples "--samples: \"-5\" is no whole number of 1 or more" --samples -5)
trireme_add_refusal_of(weather_risk no_samples "--samples: \"0\" is no whole number of 1 or more" --samples 0)
trireme_add_refusal_of(weather_risk malformed_samples "--samples: \"many\" is no whole number of 1 or more" --samples many)
trireme_add_refusal_of(weather_risk negative_seed "--seed: \"-1\" is no whole number of 0 or more" --seed -1)
trireme_add_refusal_of(weather_risk negative_strike "--strike: \"-1700\" is no number of 0 or more" --strike -1700)
trireme_add_refusal_of(weather_risk two_strikes "--strike: takes one number, or three" --strike 1700,2200)
trireme_add_refusal_of(weather_risk negative_tick "--tick: \"-1\" is no number of 0 or more" --tick -1)
trireme_add_refusal_of(weather_risk infinite_cap "--cap: \"inf\" is no number of 0 or more" --cap inf)
trireme_add_refusal_of(weather_risk infinite_price "the price of Seattle is (infinite|not a number)\n"
  --backend inline --samples 1000 --strike 0 --tick 1e308)
trireme_add_lost_output_of(weather_risk --backend inline --samples 1000)
trireme_add_refusal_of(weather_risk unknown_backend
  "trireme: no executor is named \"abacus\"; there are inline, threads" --backend abacus)
trireme_add_refusal_of(weather_risk unknown_option ".*--sample " --sample 5)

if(TARGET example_weather_risk_mpi)
  trireme_add_mpi_test(example.weather_risk_mpi 4 PROGRAM example_weather_risk_mpi --backend mpi:threads:1 --samples 2000)
  set_tests_properties(example.weather_risk_mpi PROPERTIES FAIL_REGULAR_EXPRESSION "Correlations of .*Correlations of ")
  trireme_add_refusal_of(weather_risk_mpi no_file ".*/none\\.csv: can't be opened: No such file" --data ${weather_risk}/bad_input/none.csv)
  trireme_add_refusal_of(weather_risk_mpi no_number ".*/no_number\\.csv:3: temp_max \"warm\" is no number\n"
    --data ${weather_risk}/bad_input/no_number.csv)
  trireme_add_refusal_of(weather_risk_mpi no_samples "--samples: \"0\" is no whole number of 1 or more" --samples 0)
  trireme_add_refusal_of(weather_risk_mpi unknown_backend
    "trireme: no executor is named \"mpi:abacus\"; there are inline, threads.*, mpi:threads" --backend mpi:abacus)
endif()
