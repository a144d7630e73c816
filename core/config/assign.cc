// SPDX-License-Identifier: Apache-2.0
// One given value into its place in a Config, with every misfit reported where it stands.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/config/schema.h"
#include "core/config/secret_refs.h"
#include "core/config/values.h"

namespace aw::config {
namespace {

constexpr double kMaxSeconds = 1e8;  // about three years

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text, Rank rank) {
  for (const std::string_view yes : {"true", "yes", "on"}) {
    if (text::equal_ignoring_case(text, yes)) return true;
  }
  for (const std::string_view no : {"false", "no", "off"}) {
    if (text::equal_ignoring_case(text, no)) return false;
  }
  if (rank != Rank::file && text == "1") return true;
  if (rank != Rank::file && text == "0") return false;
  return std::nullopt;
}

nlohmann::json to_json(Node const& node) {
  switch (node.kind) {
    case NodeKind::null:
      return nullptr;
    case NodeKind::list: {
      auto out = nlohmann::json::array();
      for (NodePtr const& item : node.items) out.push_back(to_json(*item));
      return out;
    }
    case NodeKind::map: {
      auto out = nlohmann::json::object();
      for (Member const& member : node.members) out[member.name] = to_json(*member.value);
      return out;
    }
    case NodeKind::scalar:
      break;
  }
  if (node.quoted || node.expanded) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  if (const auto whole = parse_whole<std::int64_t>(node.text)) return *whole;
  if (const auto number = parse_number(node.text)) return *number;
  return node.text;
}

// 'a' or 'b' or 'c'
std::string quoted_choices(Field const& field) {
  std::vector<std::string> names;
  for (ChoiceName const& choice : field.choices) {
    if (!choice.old) names.push_back('\'' + std::string(choice.name) + '\'');
  }
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

// Values that deserve more than "must be one of".
struct RefusedValue {
  std::string_view row;
  std::string_view value;
  Code code;
  std::string_view message;
  std::string_view hint;
};

constexpr auto kRefusedValues = std::to_array<RefusedValue>({
    {"transport.peer_verification", "none", Code::insecure_in_production,
     "transport.peer_verification cannot be 'none' - security violation", "use \"strict\""},
    {"authorization.default_action", "allow", Code::insecure_in_production,
     "authorization.default_action cannot be 'allow': nothing is allowed without a rule",
     "use \"deny\""},
    {"authorization.default_action", "allow_all", Code::insecure_in_production,
     "authorization.default_action cannot allow everything", "use \"deny\""},
    {"identity.allowed_trust_domains", "*", Code::insecure_in_production,
     "identity.allowed_trust_domains cannot contain \"*\": name each domain that is trusted",
     "name the trust domains"},
    {"identity.provider", "mock", Code::config_unsupported,
     "identity.provider 'mock' is not available", "use \"dev\" on a developer's machine"},
});

// Writes one row's value through its slot.
class Assigner {
 public:
  Assigner(Field const& field, Entry const& entry, std::string const& key,
           std::vector<Diagnostic>& found)
      : field_(field), entry_(entry), key_(key), found_(found) {}

  void operator()(std::string* to) {
    if (field_.type == Type::json) return as_json(*to);
    if (auto text = single(); text && good(*text, *entry_.value)) *to = std::move(*text);
  }
  void operator()(bool* to) {
    const auto text = single();
    if (!text) return;
    const auto value = parse_boolean(*text, entry_.at.rank);
    if (!value) return wrong_type(*entry_.value);
    *to = *value;
  }
  void operator()(std::uint16_t* to) { whole(to); }
  void operator()(std::uint32_t* to) { whole(to); }
  void operator()(std::uint64_t* to) { whole(to); }
  void operator()(int* to) { whole(to); }
  void operator()(double* to) {
    const auto text = single();
    if (!text) return;
    const auto value = parse_number(*text);
    if (!value) return wrong_type(*entry_.value);
    if (!in_range(*value)) return out_of_range();
    *to = *value;
  }
  void operator()(std::chrono::nanoseconds* to) {
    const auto text = single();
    if (!text) return;
    std::optional<std::chrono::nanoseconds> value;
    if (const auto seconds = parse_number(*text)) {
      if (!in_range(*seconds) || *seconds < 0 || *seconds > kMaxSeconds) return out_of_range();
      value = std::chrono::nanoseconds(std::llround(*seconds * 1e9));
    } else {
      value = parse_duration(*text);
    }
    if (!value) return wrong_type(*entry_.value);
    const double seconds = std::chrono::duration<double>(*value).count();
    if (!in_range(seconds) || seconds > kMaxSeconds) return out_of_range();
    *to = *value;
  }
  void operator()(std::vector<std::string>* to) {
    std::vector<std::string> out;
    bool fine = true;
    for (NodePtr const& item : list_items()) {
      if (item->kind != NodeKind::scalar) {
        fine = false;
        report(Code::config_wrong_type, item->at,
               key_ + " must be a list of texts, got " + std::string(kind_name(item->kind)));
      } else if (good(item->text, *item)) {
        out.push_back(item->text);
      } else {
        fine = false;
      }
    }
    if (fine && !failed_) *to = std::move(out);
  }
  void operator()(std::vector<int>* to) {
    std::vector<int> out;
    for (NodePtr const& item : list_items()) {
      const auto value =
          item->kind == NodeKind::scalar ? parse_whole<int>(item->text) : std::optional<int>();
      if (!value) {
        wrong_type(*item);
      } else if (good(item->text, *item)) {
        out.push_back(*value);
      }
    }
    if (!failed_) *to = std::move(out);
  }
  void operator()(std::map<std::string, log::Level>* to) {
    if (entry_.value->kind != NodeKind::map) return wrong_type(*entry_.value);
    for (Member const& member : entry_.value->members) {
      const auto value = member.value->kind == NodeKind::scalar ? choice(member.value->text)
                                                                : std::optional<int>();
      if (!value) {
        not_a_choice(*member.value);
      } else {
        (*to)[member.name] = static_cast<log::Level>(*value);
      }
    }
  }
  void operator()(ChoiceSlot const& slot) {
    const auto text = single();
    if (!text || refused(*text, *entry_.value)) return;
    const auto value = choice(*text);
    if (!value) return not_a_choice(*entry_.value);
    slot.set(*value);
  }
  void operator()(FirstSlot const& slot) {
    if (auto text = single(); text && good(*text, *entry_.value)) *slot.list = {std::move(*text)};
  }
  void operator()(LogOutputSlot const& slot) {
    const auto text = single();
    if (!text) return;
    if (*text == "stdout" || *text == "stderr" || *text == "syslog") {
      *slot.output = *text == "stdout"   ? log::Output::standard_output
                     : *text == "stderr" ? log::Output::standard_error
                                         : log::Output::syslog;
    } else if (text->starts_with("file:///") && text->size() > 8) {
      *slot.output = log::Output::file;
      *slot.file = text->substr(7);
    } else {
      report(Code::config_out_of_range, entry_.value->at,
             key_ + " must be 'stdout', 'stderr', 'syslog' or file:///path" + got(*text));
    }
  }
  void operator()(MapsSlot const& /*slot*/) {}

 private:
  // The scalar's text; a finding when it is something else.
  std::optional<std::string> single() {
    if (entry_.value->kind == NodeKind::scalar) return entry_.value->text;
    wrong_type(*entry_.value);
    return std::nullopt;
  }

  // A list's items; a,b,c when it came from a variable or flag.
  std::vector<NodePtr> list_items() {
    Node const& node = *entry_.value;
    if (node.kind == NodeKind::list) return node.items;
    if (node.kind == NodeKind::map && field_.is_named) return named_items(node);
    if (node.kind != NodeKind::scalar || !node.expanded) {
      wrong_type(node);
      return {};
    }
    std::vector<NodePtr> out;
    std::string_view text = text::trim(node.text);
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    if (text.empty()) return out;
    for (const std::string_view part : text::split(text, ',')) {
      auto item = std::make_shared<Node>(node);
      item->text = text::trim(part);
      out.push_back(std::move(item));
    }
    return out;
  }

  // {x-api-key: v} as "x-api-key=v"; what is no text stays what it is, and is refused as an item.
  static std::vector<NodePtr> named_items(Node const& node) {
    std::vector<NodePtr> out;
    for (Member const& member : node.members) {
      auto item = std::make_shared<Node>(*member.value);
      if (item->kind == NodeKind::null) item->kind = NodeKind::scalar;
      if (item->kind == NodeKind::scalar) item->text = member.name + "=" + item->text;
      out.push_back(std::move(item));
    }
    return out;
  }

  template <class T>
  void whole(T* to) {
    const auto text = single();
    if (!text) return;
    const auto number = parse_number(*text);
    if (!number || *number != std::floor(*number)) return wrong_type(*entry_.value);
    const bool any_port = field_.is_port && *number == 0 && entry_.at.rank != Rank::file;
    if (!any_port && !in_range(*number)) return out_of_range();
    const auto value = parse_whole<T>(*text);
    if (!value) return out_of_range();
    *to = *value;
  }

  void as_json(std::string& to) {
    if (entry_.at.rank == Rank::file) {
      to = to_json(*entry_.value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      return;
    }
    const auto parsed =
        json::parse(entry_.value->text, {.bytes = kMaxFileBytes, .depth = kMaxDepth});
    if (!parsed.ok()) return wrong_type(*entry_.value);
    to = parsed->dump();
  }

  [[nodiscard]] bool in_range(double value) const {
    return (!field_.least || value >= *field_.least) && (!field_.most || value <= *field_.most);
  }

  std::optional<int> choice(std::string_view text) {
    const bool any_case = !field_.choices.empty() && field_.choices[0].name == "DEBUG";
    for (ChoiceName const& one : field_.choices) {
      if (one.name != text && !(any_case && text::equal_ignoring_case(one.name, text))) continue;
      if (one.old) older_value(one);
      return one.value;
    }
    return std::nullopt;
  }

  void older_value(ChoiceName const& one) {
    const auto now = std::ranges::find(field_.choices, one.value, &ChoiceName::value);
    found_.push_back(caution(Code::config_deprecated, entry_.value->at.place(),
                             '"' + std::string(one.name) + "\" is an older spelling",
                             "write \"" + std::string(now->name) + '"'));
    found_.back().key = key_;
  }

  bool refused(std::string_view text, Node const& at) {
    for (RefusedValue const& one : kRefusedValues) {
      if (one.row != field_.key || one.value != text) continue;
      report(one.code, at.at, std::string(one.message), std::string(one.hint));
      found_.back().value = text;
      return true;
    }
    return false;
  }

  // Texts against the row's check.
  bool good(std::string const& text, Node const& at) {
    if (refused(text, at)) return false;
    if (const std::string wrong = control_character(text); !wrong.empty()) {
      report(Code::config_out_of_range, at.at, key_ + ' ' + wrong);
      return false;
    }
    // What the secret makes of it is checked when it is known.
    if (!secret_names(text).empty()) return true;
    if (field_.check_with == nullptr ||
        (text.empty() && !field_.is_required && default_text(field_).empty())) {
      return true;
    }
    const std::string wrong = field_.check_with(text);
    if (wrong.empty()) return true;
    const bool sentence = wrong.front() >= 'A' && wrong.front() <= 'Z';
    report(Code::config_out_of_range, at.at, sentence ? wrong : key_ + ' ' + wrong + got(text));
    if (!field_.is_secret) found_.back().value = text;
    return false;
  }

  // Addresses, paths and names end up in system calls and protocol heads; only prose and arguments
  // may have lines.
  [[nodiscard]] std::string control_character(std::string_view text) const {
    const bool lines = field_.key.ends_with("description") || field_.key.ends_with("command") ||
                       field_.key.ends_with("environment") ||
                       field_.key == "identity.on_svid_update";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte == 0 || (!lines && (byte < 0x20 || byte == 0x7F))) {
        return "must not contain control characters";
      }
    }
    return {};
  }

  std::string got(std::string_view text) const {
    if (field_.is_secret) return {};
    constexpr std::size_t kShown = 120;
    return ", got '" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "…'" : "'");
  }

  void not_a_choice(Node const& node) {
    std::vector<std::string_view> names;
    names.reserve(field_.choices.size());
    for (ChoiceName const& one : field_.choices) names.push_back(one.name);
    const auto near = text::nearest(node.text, names);
    report(Code::config_out_of_range, node.at,
           key_ + " must be " + quoted_choices(field_) + got(node.text),
           near ? "did you mean \"" + std::string(*near) + "\"?" : "");
    found_.back().value = node.text;
  }

  void out_of_range() {
    report(Code::config_out_of_range, entry_.value->at,
           key_ + " must be " + allowed_values(field_) + got(entry_.value->text));
    found_.back().value = entry_.value->text;
  }

  void wrong_type(Node const& node) {
    const bool text = node.kind == NodeKind::scalar;
    std::string hint;
    if (text && node.text.starts_with("tcp://") && field_.is_port) {
      hint =
          "Kubernetes sets such a variable for a Service of that name: enableServiceLinks: false";
    }
    report(Code::config_wrong_type, node.at,
           key_ + (field_.type == Type::boolean ? " must be " : " must be a ") +
               std::string(type_name(field_.type)) +
               (text ? got(node.text) : ", got " + std::string(kind_name(node.kind))),
           std::move(hint));
    if (text && !field_.is_secret) found_.back().value = node.text;
  }

  void report(Code code, Origin const& at, std::string message, std::string hint = {}) {
    failed_ = true;
    Place place = at.place();
    if (field_.is_secret) place.line_text.clear();
    found_.push_back(problem(code, std::move(place), std::move(message), std::move(hint)));
    found_.back().key = key_;
    if (field_.is_secret) found_.back().value = kRedacted;
  }

  Field const& field_;
  Entry const& entry_;
  std::string const& key_;
  std::vector<Diagnostic>& found_;
  bool failed_ = false;
};

}  // namespace

void assign(Field const& field, Entry const& entry, std::string const& key, Config& config,
            std::vector<Diagnostic>& found) {
  Slot slot = field.access(config, entry.index);
  std::visit(Assigner(field, entry, key, found), slot);
}

}  // namespace aw::config
