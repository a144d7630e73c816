// SPDX-License-Identifier: Apache-2.0
#include "core/config/sources.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "core/base/fs.h"

namespace aw::config {
namespace {

namespace stdfs = std::filesystem;

// Waiting for a writer of a named pipe would be a hang; the shell's own pipes have one.
bool is_shell_pipe(stdfs::path const& path) {
  const std::string text = path.string();
  return text.starts_with("/dev/fd/") || text.starts_with("/proc/self/fd/") || text == "/dev/stdin";
}

Result<std::string> read_config_file(stdfs::path const& path) {
  std::error_code error;
  const auto status = stdfs::status(path, error);
  if (status.type() == stdfs::file_type::not_found) {
    return make_error(Code::config_unreadable, "Configuration file not found: " + path.string(),
                      "agentweave init makes one");
  }
  if (error) {  // a directory on the way that this user may not enter
    return make_error(Code::config_unreadable, path.string() + ": " + error.message(),
                      "run as a user who may read it: namei -l " + path.string());
  }
  if (status.type() == stdfs::file_type::directory) {
    return make_error(Code::config_unreadable, path.string() + " is a directory",
                      "name a file in it");
  }
  if (status.type() != stdfs::file_type::regular && !is_shell_pipe(path)) {
    return make_error(Code::config_unreadable, path.string() + " is not a regular file");
  }
  auto bytes = fs::read_file(path, kMaxFileBytes);
  if (bytes.ok()) return bytes;
  if (bytes.error().code == Code::too_large) {
    return make_error(Code::config_too_large, path.string() + " is larger than 1 MiB");
  }
  return make_error(Code::config_unreadable, bytes.error().message, "check its permissions");
}

struct FoundFile {
  stdfs::path path;
  std::string_view named_by;  // the variable that names it, if one does
};

std::optional<FoundFile> first_on_search_path(EnvLookup const& env) {
  const auto variable = [&env](std::string_view name) {
    return env ? env(name).value_or(std::string()) : std::string();
  };
  for (const std::string_view name : {"AGENTWEAVE_CONFIG_PATH", "AGENTWEAVE_CONFIG"}) {
    if (const std::string named = variable(name); !named.empty()) return FoundFile{named, name};
  }
  std::vector<stdfs::path> candidates = {"config.yaml"};
  if (const std::string home = variable("HOME"); !home.empty()) {
    candidates.push_back(stdfs::path(home) / ".agentweave" / "config.yaml");
  }
  candidates.emplace_back("/etc/agentweave/config.yaml");
  for (stdfs::path const& candidate : candidates) {
    std::error_code error;
    if (stdfs::exists(candidate, error)) return FoundFile{candidate, {}};
  }
  return std::nullopt;
}

// Reads a file and, before it, what it includes.
class SourceReader {
 public:
  SourceReader(LoadRequest const& request, std::vector<Diagnostic>& found)
      : found_(found), request_(request) {
    // An include may name the environment that the command line chose.
    env_ = [&request](std::string_view name) -> std::optional<std::string> {
      if (name == "AGENTWEAVE_ENV" && request.environment) return request.environment;
      return request.env ? request.env(name) : std::nullopt;
    };
  }

  // `from` is the place that asked for the file; empty for the main one.
  Values file(stdfs::path const& path, Place const* from) {
    std::error_code error;
    const stdfs::path real = stdfs::weakly_canonical(path, error);
    if (std::ranges::find(open_, real) != open_.end()) {
      return refuse(from, path.string() + " includes itself");
    }
    if (open_.size() > static_cast<std::size_t>(kMaxIncludeDepth) || files.size() >= kMaxFiles) {
      return refuse(from, "too many includes");
    }
    auto bytes = read_config_file(path);
    if (!bytes.ok()) return unreadable(path, from, bytes.error());
    files.push_back(path);
    open_.push_back(real);
    Values out = text(path, std::move(*bytes));
    open_.pop_back();
    return out;
  }

  Values text(stdfs::path const& name, std::string bytes) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (bytes.starts_with(kMark)) bytes.erase(0, kMark.size());
    const auto source = std::make_shared<const Source>(name.string(), std::move(bytes));
    Parsed parsed = parse_document(source);
    std::ranges::move(parsed.diagnostics, std::back_inserter(found_));
    if (parsed.root == nullptr || parsed.root->kind == NodeKind::null) return {};
    if (parsed.root->kind != NodeKind::map) {
      found_.push_back(problem(Code::config_wrong_type, parsed.root->at.place(),
                               "Configuration file must contain a YAML dictionary",
                               "start with agent:"));
      return {};
    }
    const NodePtr root = expand(parsed.root, env_, found_);
    Values base = includes(*root, name.parent_path());
    merge(base, collect(*root, sections, found_));
    return base;
  }

  std::vector<stdfs::path> files;
  Sections sections;

 private:
  Values includes(Node const& root, stdfs::path const& directory) {
    Values base;
    Member const* member = root.find("include");
    if (member == nullptr || member->value->kind == NodeKind::null) return base;
    std::vector<NodePtr> items = {member->value};
    if (member->value->kind == NodeKind::list) items = member->value->items;
    for (NodePtr const& item : items) {
      const Place place = item->at.place();
      if (item->kind != NodeKind::scalar || item->text.empty() ||
          item->text.find('\0') != std::string::npos) {
        found_.push_back(
            problem(Code::config_wrong_type, place, "include must be a list of files"));
      } else if (request_.text) {
        found_.push_back(
            problem(Code::config_include, place, "include needs a file to start from"));
      } else {
        merge(base, file(directory / item->text, &place));
      }
    }
    return base;
  }

  Values refuse(Place const* from, std::string message) {
    found_.push_back(
        problem(Code::config_include, from == nullptr ? Place() : *from, std::move(message)));
    return {};
  }

  Values unreadable(stdfs::path const& path, Place const* from, Error const& error) {
    Place whole;
    whole.file = path.string();
    const bool missing = from != nullptr && error.code == Code::config_unreadable;
    found_.push_back(problem(missing ? Code::config_include : error.code,
                             from == nullptr ? whole : *from, error.message, error.hint));
    return {};
  }

  std::vector<Diagnostic>& found_;
  LoadRequest const& request_;
  EnvLookup env_;
  std::vector<stdfs::path> open_;
};

}  // namespace

Assembled assemble(LoadRequest const& request, std::vector<Diagnostic>& found) {
  Assembled out;
  SourceReader reader(request, found);
  if (request.text) {
    out.whole.file = request.file.empty() ? "-" : request.file.string();
    out.values = reader.text(out.whole.file, *request.text);
    out.sections = std::move(reader.sections);
    out.readable = true;
    return out;
  }
  std::optional<FoundFile> file = FoundFile{request.file, {}};
  if (request.file.empty()) file = first_on_search_path(request.env);
  if (!file) {
    found.push_back(problem(Code::config_unreadable, Place(),
                            "no configuration file: none of ./config.yaml, "
                            "~/.agentweave/config.yaml, /etc/agentweave/config.yaml exists",
                            "agentweave init makes one"));
    return out;
  }
  out.whole.file = file->path.string();
  out.values = reader.file(file->path, nullptr);
  out.files = std::move(reader.files);
  out.sections = std::move(reader.sections);
  out.readable = !out.files.empty();
  if (!out.readable && !file->named_by.empty() && !found.empty())
    found.back().hint = std::string(file->named_by) + " names it";
  return out;
}

}  // namespace aw::config
