// SPDX-License-Identifier: Apache-2.0
#include "core/rego/value.h"

#include <doctest/doctest.h>

#include "core/rego/number.h"

namespace aw::rego {

static std::string round_trip(std::string_view json) {
  auto value = parse_json(json);
  return value.ok() ? value->to_json() : value.error().message;
}

TEST_CASE("JSON comes back as it was, members sorted, numbers spelled as given") {
  CHECK(round_trip(R"({"b":[1,2.50,1e3,-0],"a":null,"c":"é\n\u0001"})") ==
        R"({"a":null,"b":[1,2.50,1e3,-0],"c":"é\n\u0001"})");
  CHECK(round_trip("123456789012345678901234567890") == "123456789012345678901234567890");
  CHECK(round_trip(R"("\ud83d\ude00 \ud800")") == "\"😀 \xEF\xBF\xBD\"");
}

TEST_CASE("malformed JSON names line and column") {
  auto bad = parse_json("{\n \"a\": tru }");
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().code == Code::policy_data);
  CHECK(bad.error().message == "json: line 2, column 7: unexpected character");
  for (std::string_view text :
       {"", "{", "[1,]", "01", "1.", "\"", "nul", "{\"a\" 1}", "1 2", "'a'"}) {
    CHECK_MESSAGE(!parse_json(text).ok(), text);
  }
}

TEST_CASE("nesting and size are bounded") {
  CHECK_FALSE(parse_json(std::string(100'000, '[')).ok());
  CHECK_FALSE(parse_json("[1]", {.bytes = 2}).ok());
}

TEST_CASE("the order of kinds is null, boolean, number, string, array, object, set") {
  std::vector<Value> ordered = {Value::null(),
                                Value::boolean(false),
                                Value::boolean(true),
                                Value::number(-1),
                                Value::number(2),
                                Value::string(""),
                                Value::string("a"),
                                Value::array({}),
                                Value::array({Value::null()}),
                                Value::object(std::vector<Entry>{}),
                                Value::set({})};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      int want = i < j ? -1 : static_cast<int>(i > j);
      CHECK(compare(ordered[i], ordered[j]) == want);
      CHECK((ordered[i] == ordered[j]) == (want == 0));
    }
  }
}

TEST_CASE("numbers compare and hash by value, whatever their spelling") {
  auto n = [](std::string_view text) { return Value::number_text(text); };
  CHECK(n("1") == n("1.0"));
  CHECK(n("1e3") == n("1000"));
  CHECK(n("1").hash() == n("1.00").hash());
  CHECK(compare(n("123456789012345678901"), n("123456789012345678900")) == 1);
  CHECK(compare(n("-2"), n("1e-9")) == -1);
  CHECK(n("0") == n("-0"));
  CHECK_FALSE(n("1x").defined());
  CHECK(n("3").as_int() == 3);
  CHECK_FALSE(n("1e30").as_int().has_value());
}

TEST_CASE("arithmetic is exact on integers and of 64 bits of mantissa elsewhere") {
  auto sum = [](Arithmetic op, std::string_view a, std::string_view b) {
    std::string_view problem;
    Value out = arithmetic(op, Value::number_text(a), Value::number_text(b), problem);
    return problem.empty() ? out.number_text() : std::string(problem);
  };
  CHECK(sum(Arithmetic::plus, "9223372036854775807", "1") == "9223372036854775808");
  CHECK(sum(Arithmetic::times, "99999999999999999999", "10") == "999999999999999999990");
  CHECK(sum(Arithmetic::plus, "0.1", "0.2") == "0.3");
  CHECK(sum(Arithmetic::divide, "1", "3") == "0.33333333333333333334");
  CHECK(sum(Arithmetic::plus, "1234567.25", "0.25") == "1.2345675e+06");
  CHECK(sum(Arithmetic::divide, "1", "0") == "divide by zero");
  CHECK(sum(Arithmetic::modulo, "1.5", "1") == "modulo on floating-point number");
}

TEST_CASE("large collections find their members by hash") {
  std::vector<Entry> entries;
  std::vector<Value> members;
  for (int i = 0; i < 1000; ++i) {
    entries.push_back({Value::string("k" + std::to_string(i)), Value::number(i)});
    members.push_back(Value::number(i));
  }
  Value object = Value::object(entries);
  Value set = Value::set(members);
  CHECK(object.find("k77")->as_int() == 77);
  CHECK(object.find("nope") == nullptr);
  CHECK(set.find(Value::number_text("500.0")) != nullptr);
  CHECK(set.find(Value::string("500")) == nullptr);
}

TEST_CASE("sets drop repetitions, objects keep the last of equal keys") {
  CHECK(Value::set({Value::number(2), Value::number(1), Value::number_text("2.0")}).size() == 2);
  Value object = Value::object({{"a", Value::number(1)}, {"a", Value::number(2)}});
  CHECK(object.to_json() == R"({"a":2})");
}

TEST_CASE("merge lays one document over another, objects member by member") {
  auto a = parse_json(R"({"x":{"a":1,"b":2},"y":1})");
  auto b = parse_json(R"({"x":{"b":3},"z":[]})");
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  CHECK(merge(*a, *b).to_json() == R"({"x":{"a":1,"b":3},"y":1,"z":[]})");
}

TEST_CASE("JSON in pieces is the same text, and no piece is empty or much larger than asked") {
  std::string text = "{";
  for (int i = 0; i < 9'000; ++i) {
    auto const n = std::to_string(i);
    text += (i == 0 ? "\"k" : ", \"k") + n + "\": [\"value \\\"" + n + "\\\"\", " + n + ", null]";
  }
  text += "}";
  for (std::string const& document : {std::string("null"), std::string("[]"), text}) {
    auto const value = parse_json(document);
    REQUIRE(value.ok());
    std::string whole;
    write_json(*value, [&whole](std::string_view piece) {
      CHECK_FALSE(piece.empty());
      CHECK(piece.size() < 70'000);
      whole += piece;
    });
    CHECK(whole == value->to_json());
  }
}

TEST_CASE("collections inside collections keep their members apart, repeated names and all") {
  auto const value = parse_json(
      R"({"a": [1, {"b": [2, 3], "b": [4]}, []], "c": {"a": {}}, "a": [{"d": [5, [6]]}, 7]})");
  REQUIRE(value.ok());
  CHECK(value->to_json() == R"({"a":[{"d":[5,[6]]},7],"c":{"a":{}}})");
}

}  // namespace aw::rego
