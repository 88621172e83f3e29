# The main example on its own data, on every backend, and what it says to bad input.

set(weather_risk ${CMAKE_CURRENT_LIST_DIR})

add_test(NAME example.weather_risk
  COMMAND example_weather_risk --backend all --samples 2000
    --data ${CMAKE_CURRENT_SOURCE_DIR}/data/weather.csv)
# It exits with 1 where a backend gives other bits than inline.
set_tests_properties(example.weather_risk PROPERTIES RUN_SERIAL ON TIMEOUT 120)

# weather_risk_refuses(name regex arguments...): one line on stderr that matches, and exit status 1.
function(weather_risk_refuses name expect)
  add_test(NAME example.weather_risk.refuses.${name}
    COMMAND ${CMAKE_COMMAND} "-DEXPECT=^weather_risk: ${expect}" -P ${weather_risk}/expect_refusal.cmake
      -- $<TARGET_FILE:example_weather_risk> ${ARGN})
  set_tests_properties(example.weather_risk.refuses.${name} PROPERTIES TIMEOUT 60)
endfunction()

# weather_risk_refuses_file(name line reason): bad_input/name.csv is refused for a reason in that line.
function(weather_risk_refuses_file name line reason)
  weather_risk_refuses(${name} ".*/${name}\\.csv:${line}: ${reason}\n"
    --data ${weather_risk}/bad_input/${name}.csv)
endfunction()

weather_risk_refuses_file(empty 1 "the file is empty")
weather_risk_refuses_file(no_rows 1 "there is no row of Seattle")
weather_risk_refuses_file(missing_column 1 "the header has no column \"temp_min\"")
weather_risk_refuses_file(no_number 3 "temp_max \"warm\" is no number")
weather_risk_refuses_file(not_finite 3 "temp_min \"nan\" is no number")
weather_risk_refuses_file(empty_field 3 "temp_max \"\" is no number")
weather_risk_refuses_file(no_date 3 "date \"2012-02-30\" is no date like 2012-01-31")
weather_risk_refuses_file(short_row 3 "the row has 4 fields, the header 7")
weather_risk_refuses_file(missing_day 4 "Seattle: 2012-01-03 is missing")
weather_risk_refuses_file(ends_early 6 "New York: 2012-01-03 is missing")
weather_risk_refuses_file(begins_late 4 "New York: 2012-01-01 is missing")
weather_risk_refuses_file(duplicate_day 4 "Seattle 2012-01-01 is there twice, first in line 2")
weather_risk_refuses_file(missing_city 3 "there is no row of New York")
weather_risk_refuses_file(no_winter 5 "the days end before there is one of each from 1 November to 31 March")

weather_risk_refuses(no_file
  ".*/none\\.csv: can't be opened: No such file" --data ${weather_risk}/bad_input/none.csv)
weather_risk_refuses(directory ".*/bad_input: is a directory" --data ${weather_risk}/bad_input)
weather_risk_refuses(negative_samples "--samples: \"-5\" is no whole number of 1 or more" --samples -5)
weather_risk_refuses(no_samples "--samples: \"0\" is no whole number of 1 or more" --samples 0)
weather_risk_refuses(malformed_samples "--samples: \"many\" is no whole number of 1 or more" --samples many)
weather_risk_refuses(negative_seed "--seed: \"-1\" is no whole number of 0 or more" --seed -1)
weather_risk_refuses(negative_strike "--strike: \"-1700\" is no number of 0 or more" --strike -1700)
weather_risk_refuses(two_strikes "--strike: takes one number, or three" --strike 1700,2200)
weather_risk_refuses(negative_tick "--tick: \"-1\" is no number of 0 or more" --tick -1)
weather_risk_refuses(infinite_cap "--cap: \"inf\" is no number of 0 or more" --cap inf)
weather_risk_refuses(unknown_backend
  "trireme: no executor is named \"abacus\"; there are inline, threads" --backend abacus)
weather_risk_refuses(unknown_option ".*--sample " --sample 5)
