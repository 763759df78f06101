// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/access_tokens.h"

#include "core/base/lock_file.h"
#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/rpc/private_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>
#include <sys/stat.h>

namespace orrery {

namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kHashBytes = 32;
constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr double kSaveInterval = 60;
constexpr double kLongestLifetime = 3650.0 * 86'400;
constexpr int kFormat = 1;
constexpr const char *kPrefix = "orrery_"; ///< so that a token that went astray is known for one

std::string hashOf(std::string_view token)
{
    std::string hash(kHashBytes, '\0');
    unsigned size = 0;
    EVP_Digest(token.data(), token.size(), reinterpret_cast<unsigned char *>(hash.data()), &size, EVP_sha256(), nullptr);
    return hash;
}

std::string hexOf(std::string_view bytes)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes) {
        text += kDigits[static_cast<unsigned char>(byte) >> 4];
        text += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

/// Empty when it is no hash.
std::string hashFromHex(const std::string &text)
{
    const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
    if (text.size() != 2 * kHashBytes) return {};
    std::string bytes;
    for (size_t i = 0; i < text.size(); i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);
        if (high < 0 || low < 0) return {};
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

Result<std::string> newToken()
{
    unsigned char bytes[kTokenBytes];
    for (size_t numRead = 0; numRead < sizeof(bytes);) {
        const ssize_t now = ::getrandom(bytes + numRead, sizeof(bytes) - numRead, 0);
        if (now < 0 && errno == EINTR) continue;
        if (now <= 0)
            return Error{ErrorCode::Io, "Cannot make a token: the system's random generator gave none.",
                         "Try again; if it repeats, look at the system's log."};
        numRead += static_cast<size_t>(now);
    }
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text = kPrefix;
    uint32_t pool = 0;
    int numBits = 0;
    for (const unsigned char byte : bytes) {
        pool = (pool << 8) | byte;
        for (numBits += 8; numBits >= 6; numBits -= 6) text += kAlphabet[(pool >> (numBits - 6)) & 63];
    }
    if (numBits > 0) text += kAlphabet[(pool << (6 - numBits)) & 63];
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return text;
}

Error badName(const std::string &name, const std::string &found)
{
    return {ErrorCode::InvalidInput,
            "Cannot make a token \"" + sanitizeUtf8(name.substr(0, kMaxTokenName)) + "\": its name " + found + ", expected 1 to " +
                std::to_string(kMaxTokenName) + " letters, digits, dots, dashes or underscores.",
            "Name it after the machine or person that will use it, for example laptop."};
}

Result<void> checkName(const std::string &name)
{
    if (name.empty()) return badName(name, "is empty");
    if (name.size() > kMaxTokenName) return badName(name, "has " + std::to_string(name.size()) + " bytes");
    const bool isPlain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    });
    return isPlain ? Result<void>() : badName(name, "has other characters");
}

} // namespace

AccessTokens::AccessTokens(std::filesystem::path file) : m_file(std::move(file)) {}

AccessTokens::Stamp AccessTokens::stampOfFile() const
{
    struct stat info {};
    if (::lstat(m_file.c_str(), &info) != 0) return {};
    return {info.st_ino, info.st_size, info.st_ctim.tv_sec * 1'000'000'000LL + info.st_ctim.tv_nsec};
}

Result<std::vector<AccessTokens::Entry>> AccessTokens::read() const
{
    const Result<std::string> text = readPrivateFile(m_file, kMaxFileBytes);
    if (!text.ok()) {
        if (text.error().code == ErrorCode::NotFound) return std::vector<Entry>();
        return text.error();
    }
    const auto damaged = [this](const std::string &found) {
        return Error{ErrorCode::InvalidInput, "Cannot read the tokens in \"" + m_file.string() + "\": " + found + ".",
                     "Nobody can come in with it. Remove the file and make new tokens: orrery-engine host token create NAME."};
    };
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (json.is_discarded() || !json.is_object() || !json.value("tokens", nlohmann::json()).is_array())
        return damaged("it is not the JSON that was written");
    if (!json.contains("format") || json["format"] != kFormat)
        return damaged("its format is not " + std::to_string(kFormat) + "; a newer Orrery may have written it");
    std::vector<Entry> entries;
    for (const auto &one : json["tokens"]) {
        if (!one.is_object() || !one.value("name", nlohmann::json()).is_string() ||
            !one.value("sha256", nlohmann::json()).is_string())
            return damaged("an entry has no name or no hash");
        Entry entry;
        entry.info.name = one["name"].get<std::string>();
        entry.hash = hashFromHex(one["sha256"].get<std::string>());
        if (entry.hash.empty()) return damaged("the hash of \"" + sanitizeUtf8(entry.info.name) + "\" is not one");
        const auto numberOf = [&one](const char *key) {
            return one.contains(key) && one[key].is_number() ? one[key].get<double>() : 0.0;
        };
        entry.info.createdAt = numberOf("created_at");
        entry.info.lastUsedAt = numberOf("last_used_at");
        entry.info.expiresAt = numberOf("expires_at");
        // Something that is no time must not make it valid for ever.
        if (one.contains("expires_at") && entry.info.expiresAt <= 0)
            return damaged("the end of \"" + sanitizeUtf8(entry.info.name) + "\" is no time");
        entries.push_back(std::move(entry));
    }
    if (entries.size() > kMaxTokens) return damaged("it has " + std::to_string(entries.size()) + " entries");
    return entries;
}

Result<void> AccessTokens::write(const std::vector<Entry> &entries) const
{
    nlohmann::json json = {{"format", kFormat}, {"tokens", nlohmann::json::array()}};
    for (const Entry &entry : entries) {
        nlohmann::json one = {{"name", entry.info.name},
                              {"sha256", hexOf(entry.hash)},
                              {"created_at", entry.info.createdAt},
                              {"last_used_at", entry.info.lastUsedAt}};
        if (entry.info.expiresAt > 0) one["expires_at"] = entry.info.expiresAt;
        json["tokens"].push_back(std::move(one));
    }
    return writePrivateFile(m_file, json.dump(1) + "\n");
}

/// Reads, changes and writes while no other process does.
template <typename Change> Result<void> AccessTokens::change(Change change)
{
    ORRERY_TRY(makePrivateFolder(m_file.parent_path()));
    ORRERY_ASSIGN(const LockFile lock, LockFile::acquire(m_file.string() + ".lock", "a command that changes tokens"));
    ORRERY_ASSIGN(std::vector<Entry> entries, read());
    ORRERY_TRY(change(entries));
    ORRERY_TRY(write(entries));
    m_entries = std::move(entries);
    m_stamp = stampOfFile();
    ++m_version;
    return {};
}

Result<std::string> AccessTokens::create(const std::string &name, double lifetimeSeconds)
{
    ORRERY_TRY(checkName(name));
    if (!(lifetimeSeconds >= 0 && lifetimeSeconds <= kLongestLifetime))
        return Error{ErrorCode::InvalidInput,
                     "Cannot make a token \"" + name + "\": its lifetime is " + formatSignificant(lifetimeSeconds / 86'400, 4) +
                         " days, expected 0 (no end) to 3650 days.",
                     "For example: orrery-engine host token create " + name + " --expires 30d"};
    ORRERY_ASSIGN(const std::string token, newToken());
    const std::lock_guard lock(m_mutex);
    ORRERY_TRY(change([&](std::vector<Entry> &entries) -> Result<void> {
        for (const Entry &entry : entries)
            if (entry.info.name == name)
                return Error{ErrorCode::Conflict, "Cannot make a token \"" + name + "\": one of that name is there, expected a free name.",
                             "Take another name, or revoke it first: orrery-engine host token revoke " + name};
        if (entries.size() >= kMaxTokens)
            return Error{ErrorCode::Conflict,
                         "Cannot make a token \"" + name + "\": " + std::to_string(kMaxTokens) + " are there, expected fewer.",
                         "Revoke those that nobody uses: orrery-engine host token list"};
        const double now = wallSeconds();
        entries.push_back({{name, now, 0, lifetimeSeconds > 0 ? now + lifetimeSeconds : 0}, hashOf(token)});
        return {};
    }));
    return token;
}

Result<void> AccessTokens::revoke(const std::string &name)
{
    const std::lock_guard lock(m_mutex);
    return change([&](std::vector<Entry> &entries) -> Result<void> {
        const auto found =
            std::find_if(entries.begin(), entries.end(), [&](const Entry &entry) { return entry.info.name == name; });
        if (found == entries.end()) {
            std::vector<std::string> names;
            for (const Entry &entry : entries) names.push_back(entry.info.name);
            const std::string near = nearestName(name, names);
            return Error{ErrorCode::NotFound,
                         "Cannot revoke token \"" + sanitizeUtf8(name) + "\": there is none of that name" +
                             (names.empty() ? "." : ", expected one of " + joinText(names, ", ") + "."),
                         near.empty() ? "orrery-engine host token list shows them." : "Did you mean \"" + near + "\"?"};
        }
        entries.erase(found);
        return {};
    });
}

Result<std::vector<TokenInfo>> AccessTokens::list()
{
    const std::lock_guard lock(m_mutex);
    ORRERY_ASSIGN(const std::vector<Entry> entries, read());
    std::vector<TokenInfo> infos;
    for (const Entry &entry : entries) infos.push_back(entry.info);
    std::sort(infos.begin(), infos.end(), [](const TokenInfo &a, const TokenInfo &b) { return a.name < b.name; });
    return infos;
}

void AccessTokens::refresh()
{
    const Stamp stamp = stampOfFile();
    if (stamp == m_stamp) return;
    Result<std::vector<Entry>> entries = read();
    if (!entries.ok()) logWarning(entries.error().text());
    // Uses that were not saved yet are newer than those of the file.
    std::vector<Entry> fresh = entries.ok() ? std::move(*entries) : std::vector<Entry>();
    for (Entry &entry : fresh)
        for (const Entry &old : m_entries)
            if (old.hash == entry.hash) entry.info.lastUsedAt = std::max(entry.info.lastUsedAt, old.info.lastUsedAt);
    m_entries = std::move(fresh);
    m_stamp = stamp;
    ++m_version;
}

bool AccessTokens::isValid(std::string_view token)
{
    const std::string hash = hashOf(token);
    const std::lock_guard lock(m_mutex);
    refresh();
    // All of them are looked at, so that the time says nothing about which one it was.
    Entry *found = nullptr;
    for (Entry &entry : m_entries)
        if (CRYPTO_memcmp(entry.hash.data(), hash.data(), kHashBytes) == 0) found = &entry;
    const double now = wallSeconds();
    if (!found || found->info.isExpired(now)) return false;
    found->info.lastUsedAt = now;
    m_hasUnsavedUses = true;
    return true;
}

uint64_t AccessTokens::version()
{
    const std::lock_guard lock(m_mutex);
    refresh();
    const double now = wallSeconds();
    const auto numExpired = static_cast<size_t>(
        std::count_if(m_entries.begin(), m_entries.end(), [now](const Entry &entry) { return entry.info.isExpired(now); }));
    if (numExpired != m_numExpired) ++m_version;
    m_numExpired = numExpired;
    return m_version;
}

void AccessTokens::saveUses(bool now)
{
    const std::lock_guard lock(m_mutex);
    if (!m_hasUnsavedUses || (!now && monotonicSeconds() - m_savedAt < kSaveInterval)) return;
    m_savedAt = monotonicSeconds();
    m_hasUnsavedUses = false;
    refresh();
    const std::vector<Entry> used = m_entries;
    const Result<void> saved = change([&used](std::vector<Entry> &entries) -> Result<void> {
        for (Entry &entry : entries)
            for (const Entry &one : used)
                if (one.hash == entry.hash) entry.info.lastUsedAt = std::max(entry.info.lastUsedAt, one.info.lastUsedAt);
        return {};
    });
    if (!saved.ok()) logWarning(saved.error().text());
}

} // namespace orrery
