// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "core/audit/destination.h"
#include "core/base/fs.h"

namespace aw::runtime {
namespace {

Safeguard active(std::string name, std::string detail) {
  return {.state = Safeguard::State::active, .name = std::move(name), .detail = std::move(detail)};
}
Safeguard absent(std::string name, std::string why) {
  return {.state = Safeguard::State::absent, .name = std::move(name), .detail = std::move(why)};
}
Safeguard refused(std::string name, int number) {
  return absent(std::move(name), std::string("the kernel refused: ") + std::strerror(number));
}

// A dump holds keys. The limit alone does not stop a core_pattern that is a pipe.
Safeguard no_dumps(config::Environment environment) {
  rlimit const none{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return refused("core dumps", errno);
  if (environment == config::Environment::development)
    return active("core dumps", "no core file; debuggers may attach (development)");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("core dumps", errno);
  return active("core dumps", "none, and no debugger of another process of this user");
}

// ---- Landlock

constexpr std::uint64_t kTruncate = 1ULL << 14U;  // ABI 3; older headers lack the name
constexpr std::uint64_t kWrites = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                  LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

std::uint64_t writes_of(long abi) { return abi >= 3 ? kWrites | kTruncate : kWrites; }

bool allow_below(int rules, std::filesystem::path const& place, std::uint64_t access) {
  Fd const directory(::open(place.c_str(), O_PATH | O_CLOEXEC));
  if (!directory.open()) return false;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = directory.get();
  return ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) == 0;
}

Safeguard landlock(std::vector<std::filesystem::path> const& places) {
  long const abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0UL,
                             static_cast<unsigned>(LANDLOCK_CREATE_RULESET_VERSION));
  if (abi < 1) return absent("landlock", "this kernel has none");
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = writes_of(abi);
  Fd const rules(static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0U)));
  if (!rules.open()) return refused("landlock", errno);
  std::string detail;
  for (auto const& place : places) {
    if (!allow_below(rules.get(), place, writes_of(abi))) continue;
    detail += (detail.empty() ? "" : ", ") + place.string();
  }
  if (::syscall(SYS_landlock_restrict_self, rules.get(), 0U) != 0)
    return refused("landlock", errno);
  return active("landlock", detail.empty() ? "writes no file" : "writes only below " + detail);
}

// ---- seccomp

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

// What no agent needs, and what an intruder would reach for first: other programs and processes,
// kernel modules, mounts, namespaces, the kernel's keys, its newer and larger interfaces.
constexpr auto kForbidden = std::to_array<std::uint32_t>({
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_swapon,
    SYS_swapoff,
    SYS_reboot,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_open_by_handle_at,
    SYS_acct,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_open_tree,
    SYS_mount_setattr,
    SYS_pidfd_getfd,
    SYS_kcmp,
});

// Threads are made by clone, which makes namespaces as well: whoever gets into a user namespace of
// his own is root there, and has the kernel's larger interfaces before him.
constexpr std::uint32_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

sock_filter statement(std::uint16_t code, std::uint32_t value) {
  return {.code = code, .jt = 0, .jf = 0, .k = value};
}

// Denied calls fail with EPERM: a library that tries one goes on without. A foreign architecture's
// numbers (x32 has its own bit) are denied whole.
std::vector<sock_filter> denials() {
  std::vector<sock_filter> program;
  auto const load = static_cast<std::uint16_t>(BPF_LD | BPF_W | BPF_ABS);
  auto const equal = static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K);
  auto const deny = statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  program.push_back(statement(load, offsetof(seccomp_data, arch)));
  program.push_back({.code = equal, .jt = 1, .jf = 0, .k = kArchitecture});
  program.push_back(deny);
  program.push_back(statement(load, offsetof(seccomp_data, nr)));
  constexpr std::uint32_t kX32 = 0x40000000;
  program.push_back({.code = BPF_JMP | BPF_JGE | BPF_K, .jt = 0, .jf = 1, .k = kX32});
  program.push_back(deny);
  for (auto const number : kForbidden) {
    program.push_back({.code = equal, .jt = 0, .jf = 1, .k = number});
    program.push_back(deny);
  }
  // The flags of clone3 are in memory, out of a filter's sight: it is not there, and the library
  // takes clone.
  program.push_back({.code = equal, .jt = 0, .jf = 1, .k = SYS_clone3});
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
  program.push_back({.code = equal, .jt = 0, .jf = 3, .k = SYS_clone});
  program.push_back(statement(load, offsetof(seccomp_data, args)));  // the lower half of the first
  program.push_back({.code = BPF_JMP | BPF_JSET | BPF_K, .jt = 0, .jf = 1, .k = kNamespaces});
  program.push_back(deny);
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return program;
}

Safeguard seccomp() {
  if (kArchitecture == 0) return absent("seccomp", "not known for this architecture");
  auto program = denials();
  sock_fprog const filter{.len = static_cast<unsigned short>(program.size()),
                          .filter = program.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
    return refused("seccomp", errno);
  return active("seccomp", std::to_string(kForbidden.size()) +
                               " system calls denied, starting programs among them");
}

void add_parent(std::vector<std::filesystem::path>& places, std::filesystem::path const& file) {
  places.push_back(file.has_parent_path() ? file.parent_path() : ".");
}

}  // namespace

bool starts_programs(config::Config const& config) {
  return !config.identity.on_svid_update.empty() ||
         std::ranges::any_of(
             config.secrets.values,
             [](secrets::Entry const& one) { return one.from == secrets::From::exec; }) ||
         std::ranges::any_of(config.backends, [](backend::Config const& one) {
           return one.kind == backend::Kind::exec;
         });
}

std::vector<std::filesystem::path> writable_places(config::Config const& config) {
  std::vector<std::filesystem::path> places;
  if (!config.server.state.directory.empty()) places.emplace_back(config.server.state.directory);
  for (auto const& text : config.audit.destinations) {
    auto const destination = audit::parse_destination(text);
    if (destination.ok() && destination->kind == audit::Destination::Kind::file)
      add_parent(places, destination->path);
  }
  if (config.logging.output == log::Output::file) add_parent(places, config.logging.file);
  constexpr std::string_view kUnix = "unix://";
  if (config.server.outbound.listen.starts_with(kUnix))
    add_parent(places, config.server.outbound.listen.substr(kUnix.size()));
  // The socket that the development identity serves.
  if (config.identity.provider == identity::Provider::dev && !config.identity.dev.socket.empty())
    add_parent(places, config.identity.dev.socket);
  std::ranges::sort(places);
  places.erase(std::ranges::unique(places).begin(), places.end());
  for (auto const& place : places) {
    // Whoever needs it says what is wrong, when this fails.
    if (auto const made = fs::make_private_directory(place); !made.ok()) continue;
  }
  return places;
}

std::vector<Safeguard> confine(config::Config const& config, Programs programs) {
  std::vector<Safeguard> out{no_dumps(config.environment)};
  if (programs == Programs::a_command || starts_programs(config)) {
    std::string const whose = programs == Programs::a_command
                                  ? "the command"
                                  : "the configuration starts programs, which";
    for (auto const* const name : {"landlock", "seccomp"})
      out.push_back(absent(name, whose + " would inherit it"));
    return out;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    out.push_back(refused("no new privileges", errno));
    return out;
  }
  out.push_back(landlock(writable_places(config)));
  out.push_back(seccomp());
  return out;
}

}  // namespace aw::runtime
