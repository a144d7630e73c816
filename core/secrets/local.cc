// SPDX-License-Identifier: Apache-2.0
// Secrets of this machine: a variable, a file, a command's output.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "core/base/fs.h"
#include "core/secrets/command.h"
#include "core/secrets/provider.h"

extern "C" char** environ;  // NOLINT: the machine's own name

namespace aw::secrets {
namespace {

Error unavailable(std::string message, std::string hint = {}) {
  return make_error(Code::secret_unavailable, std::move(message), std::move(hint));
}

// A file or command ends its line; the secret does not.
void drop_line_break(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

class EnvProvider final : public SecretsProvider {
 public:
  explicit EnvProvider(Variables variables) : variables_(std::move(variables)) {}
  Result<Secret> fetch(Entry const& entry) override {
    auto value = variables_(entry.variable);
    if (!value || value->empty()) return unavailable("variable " + entry.variable + " is not set");
    return Secret(std::move(*value));
  }
  [[nodiscard]] std::string source(Entry const& entry) const override {
    return "env " + entry.variable;
  }

 private:
  Variables variables_;
};

// Can only its owner enter the directory the file is in? Then the file's own mode says little more.
bool in_private_directory(std::string const& path) {
  struct stat directory{};
  auto const parent = std::filesystem::path(path).parent_path();
  if (::stat(parent.empty() ? "." : parent.c_str(), &directory) != 0) return false;
  return (directory.st_mode & 077U) == 0;
}

// Kubernetes mounts secrets as root's files, mode 0644 or what defaultMode says, read-only: there
// the container is the border, and asking for 0600 would only break it.
Result<void> check_file(struct stat const& file, std::string const& path) {
  auto const refuse = [&path](std::string const& why, std::string hint) {
    return make_error(Code::key_permissions, path + ' ' + why, std::move(hint));
  };
  if (!S_ISREG(file.st_mode)) return refuse("is no file", "");
  if (file.st_uid != 0 && file.st_uid != ::geteuid())
    return refuse("belongs to another user", "chown it to the user we run as");
  if ((file.st_mode & 022U) != 0) return refuse("may be written by others", "chmod 600 " + path);
  bool const mounted = file.st_uid == 0 && ::geteuid() != 0;
  if ((file.st_mode & 044U) != 0 && !mounted && !in_private_directory(path))
    return refuse("may be read by others", "chmod 600 " + path);
  return {};
}

Result<std::string> read_all(int fd, std::string const& path) {
  std::string out;
  std::array<char, 4096> buffer{};
  for (;;) {
    auto const got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(Code::secret_unavailable, "read " + path, errno);
    if (got == 0) break;
    if (out.size() + static_cast<std::size_t>(got) > kMaxSecretBytes + 2) {
      wipe(out);
      return make_error(Code::secret_malformed, path + " is larger than 64 KiB");
    }
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  wipe(buffer);
  return out;
}

class FileProvider final : public SecretsProvider {
 public:
  Result<Secret> fetch(Entry const& entry) override {
    auto const& path = entry.file;
    // Links are followed: Kubernetes publishes a mount's new content by turning one.
    Fd const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.open()) return errno_error(Code::secret_unavailable, "open " + path, errno);
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0)
      return errno_error(Code::secret_unavailable, "look at " + path, errno);
    AW_TRY(check_file(facts, path));
    AW_TRY(auto text, read_all(file.get(), path));
    drop_line_break(text);
    return Secret(std::move(text));
  }
  [[nodiscard]] std::string source(Entry const& entry) const override {
    return "file " + entry.file;
  }
};

class ExecProvider final : public SecretsProvider {
 public:
  ExecProvider(std::chrono::nanoseconds timeout, Variables const& variables) : timeout_(timeout) {
    for (auto const* const name : {"PATH", "HOME"})
      if (auto value = variables(name)) environment_.push_back(std::string(name) + '=' + *value);
  }
  Result<Secret> fetch(Entry const& entry) override {
    AW_TRY(auto text, command_output({.command = entry.command,
                                      .environment = environment_,
                                      .timeout = timeout_,
                                      .limit = kMaxSecretBytes + 2}));
    drop_line_break(text);
    return Secret(std::move(text));
  }
  [[nodiscard]] std::string source(Entry const& entry) const override {
    return "exec " + (entry.command.empty() ? std::string() : entry.command.front());
  }

 private:
  std::chrono::nanoseconds timeout_;
  std::vector<std::string> environment_;
};

}  // namespace

Variables process_variables() {
  return [](std::string const& name) -> std::optional<std::string> {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      std::string_view const text(*entry);
      if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=')
        return std::string(text.substr(name.size() + 1));
    }
    return std::nullopt;
  };
}

std::unique_ptr<SecretsProvider> env_provider(Variables variables) {
  return std::make_unique<EnvProvider>(std::move(variables));
}
std::unique_ptr<SecretsProvider> file_provider() { return std::make_unique<FileProvider>(); }
std::unique_ptr<SecretsProvider> exec_provider(std::chrono::nanoseconds timeout,
                                               Variables const& variables) {
  return std::make_unique<ExecProvider>(timeout, variables);
}

}  // namespace aw::secrets
