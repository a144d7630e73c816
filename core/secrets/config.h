// SPDX-License-Identifier: Apache-2.0
// Which secrets there are and where they are kept. Plain values; the rows of core/config/schema*.cc
// fill them. Nothing here is a secret itself.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace aw::secrets {

enum class From { none, env, file, exec, vault, aws };

// One secret and where it is kept. Of the places only the one that `from` names counts.
struct Entry {
  std::string name;  // what ${secret:NAME} says
  From from = From::none;
  std::string variable;              // env
  std::string file;                  // file
  std::vector<std::string> command;  // exec: program and arguments, no shell
  std::string path;                  // vault: below the mount
  std::string id;                    // aws: name or ARN
  std::string key;                   // the member of a JSON object; empty = all of it
};

enum class VaultAuth { cert, jwt, token };

// How Vault is reached, and how it knows us (HashiCorp Vault's KV engine, version 2).
struct VaultConfig {
  std::string address;               // https://vault:8200
  VaultAuth auth = VaultAuth::cert;  // cert: our SVID, jwt: our JWT-SVID, token: a file
  std::string auth_mount;            // empty = the method's own name
  std::string role;                  // empty = Vault chooses (cert)
  std::string audience = "vault";    // jwt: whom the JWT-SVID is for
  std::string token_file;            // token
  std::string mount = "secret";      // of the KV engine, version 2
  std::string name_space;            // empty = none
  std::string ca_path;               // PEM; empty = the system's
};

// AWS Secrets Manager. Keys come from where AWS's own tools find them (aws_keys.h).
struct AwsConfig {
  std::string region;    // empty = AWS_REGION, AWS_DEFAULT_REGION
  std::string endpoint;  // empty = https://secretsmanager.REGION.amazonaws.com
  std::string sts_endpoint;
  std::string metadata_endpoint = "http://169.254.169.254";
};

struct Config {
  std::vector<Entry> values;
  std::chrono::nanoseconds cache_ttl = std::chrono::minutes(5);  // 0 = asked once
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);   // one look-up
  VaultConfig vault;
  AwsConfig aws;

  // Vault knows us by our SVID: nothing of it can be read before there is one.
  [[nodiscard]] bool wants_identity(Entry const& entry) const {
    return entry.from == From::vault && vault.auth != VaultAuth::token;
  }
};

}  // namespace aw::secrets
