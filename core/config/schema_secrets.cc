// SPDX-License-Identifier: Apache-2.0
// THE table, third part: secrets, and who keeps them.
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

Slot secret_values_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.secrets.values.size(); },
                  [&config](std::size_t size) { config.secrets.values.resize(size); }};
}

void add_values(std::vector<Field>& rows) {
  using E = secrets::Entry;
  using F = secrets::From;
  const auto row = [](char const* key, char const* help, auto member) {
    return field(std::string("secrets.values[].") + key, help, &Config::secrets,
                 &secrets::Config::values, member);
  };
  rows.push_back(special("secrets.values",
                         "what ${secret:NAME} stands for, anywhere a text is read late enough",
                         Type::maps, secret_values_slot)
                     .example("[{name: search_key, from: file, file: /run/secrets/search}]"));
  rows.push_back(row("name", "what ${secret:NAME} says", &E::name)
                     .required()
                     .checked(checks::secret_name, "letters, digits, _, - and .")
                     .matching("^[A-Za-z0-9_.-]+$")
                     .example("search_key"));
  rows.push_back(choice("secrets.values[].from", "who keeps it",
                        {name("env", F::env), name("file", F::file), name("exec", F::exec),
                         name("vault", F::vault), name("aws", F::aws)},
                        &Config::secrets, &secrets::Config::values, &E::from)
                     .required()
                     .example("file"));
  rows.push_back(row("variable", "env: which variable", &E::variable).example("SEARCH_KEY"));
  rows.push_back(row("file", "file: which; its last line break is not part of it", &E::file)
                     .file()
                     .example("/run/secrets/search"));
  rows.push_back(row("command", "exec: what prints it; no shell", &E::command)
                     .program()
                     .example("[pass, show, search]"));
  rows.push_back(row("path", "vault: below secrets.vault.mount", &E::path)
                     .checked(checks::vault_path, "a path like app/db")
                     .example("app/search"));
  rows.push_back(row("id", "aws: the secret's name or ARN", &E::id).example("prod/search"));
  rows.push_back(row("key", "which member, where a JSON object is kept; empty = all of it", &E::key)
                     .example("password"));
}

void add_vault(std::vector<Field>& rows) {
  using V = secrets::VaultConfig;
  using A = secrets::VaultAuth;
  const auto row = [](char const* key, char const* help, auto member) {
    return field(std::string("secrets.vault.") + key, help, &Config::secrets,
                 &secrets::Config::vault, member);
  };
  rows.push_back(row("address", "HashiCorp Vault", &V::address)
                     .env("VAULT_ADDR")
                     .checked(checks::keeper_url, "https://, or http:// on this machine")
                     .example("https://vault.example:8200"));
  rows.push_back(choice("secrets.vault.auth",
                        "how we log in: our SVID, our JWT-SVID, or a token that a file holds",
                        {name("cert", A::cert), name("jwt", A::jwt), name("token", A::token)},
                        &Config::secrets, &secrets::Config::vault, &V::auth));
  rows.push_back(
      row("auth_mount", "where that method is mounted; empty = its own name", &V::auth_mount)
          .checked(checks::vault_path, "a path like auth-prod"));
  rows.push_back(row("role", "the role to log in as", &V::role));
  rows.push_back(row("audience", "jwt: whom the JWT-SVID is for", &V::audience)
                     .checked(checks::not_empty, "any text"));
  rows.push_back(row("token_file", "token: read at each look-up, so that an agent may renew it",
                     &V::token_file)
                     .file()
                     .example("/run/vault/token"));
  rows.push_back(row("mount", "where the KV engine (version 2) is mounted", &V::mount)
                     .checked(checks::vault_path, "a path like secret"));
  rows.push_back(row("namespace", "the namespace; empty = none", &V::name_space)
                     .env("VAULT_NAMESPACE")
                     .checked(checks::vault_path, "a path like team-a"));
  rows.push_back(
      row("ca_path", "PEM trust of Vault's certificate; empty = the system's", &V::ca_path).file());
}

void add_aws(std::vector<Field>& rows) {
  using W = secrets::AwsConfig;
  const auto row = [](char const* key, char const* help, auto member) {
    return field(std::string("secrets.aws.") + key, help, &Config::secrets, &secrets::Config::aws,
                 member);
  };
  rows.push_back(row("region", "AWS Secrets Manager's region; empty = AWS_REGION", &W::region)
                     .checked(checks::aws_region, "a region like eu-central-1")
                     .example("eu-central-1"));
  rows.push_back(row("endpoint", "instead of secretsmanager.REGION.amazonaws.com", &W::endpoint)
                     .checked(checks::keeper_url, "https://, or http:// on this machine"));
  rows.push_back(row("sts_endpoint", "instead of sts.REGION.amazonaws.com", &W::sts_endpoint)
                     .checked(checks::keeper_url, "https://, or http:// on this machine"));
  rows.push_back(
      row("metadata_endpoint", "the machine's metadata service (IMDSv2)", &W::metadata_endpoint)
          .checked(checks::metadata_url, "http:// at a link-local or loopback address"));
}

}  // namespace

void add_secrets(std::vector<Field>& rows) {
  using S = secrets::Config;
  add_values(rows);
  rows.push_back(field("secrets.cache_ttl_seconds",
                       "age at which a secret is asked for again; 0 = never", &Config::secrets,
                       &S::cache_ttl)
                     .in(0, 31'536'000));
  rows.push_back(
      field("secrets.timeout", "how long one look-up may take", &Config::secrets, &S::timeout)
          .in(0.01, 300));
  add_vault(rows);
  add_aws(rows);
}

}  // namespace aw::config
