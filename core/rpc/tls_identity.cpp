// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/tls_identity.h"

#include "core/base/files.h"
#include "core/base/lock_file.h"
#include "core/rpc/private_file.h"

#include <memory>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace orrery {

namespace {

constexpr uint64_t kMaxPemBytes = 1 << 20;
constexpr long kValidDays = 3650;
constexpr const char *kOwnName = "orrery-host"; ///< the clients pin the certificate itself, so every host has one name

struct Free {
    void operator()(X509 *one) const { X509_free(one); }
    void operator()(EVP_PKEY *one) const { EVP_PKEY_free(one); }
    void operator()(BIO *one) const { BIO_free_all(one); }
    void operator()(GENERAL_NAMES *one) const { GENERAL_NAMES_free(one); }
    void operator()(X509_EXTENSION *one) const { X509_EXTENSION_free(one); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Memory = std::unique_ptr<BIO, Free>;

Error opensslError(const std::string &action)
{
    char text[256] = "unknown reason";
    if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return {ErrorCode::Io, "Cannot " + action + ": " + text + ".", "Try again; if it repeats, look at the installed OpenSSL."};
}

std::string textOf(BIO *memory)
{
    char *data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

/// Never asks a terminal for the password of a key.
int noPassword(char *, int, int, void *) { return -1; }

Certificate certificateFrom(const std::string &pem)
{
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Certificate certificate(memory ? PEM_read_bio_X509(memory.get(), nullptr, noPassword, nullptr) : nullptr);
    ERR_clear_error();
    return certificate;
}

Key keyFrom(const std::string &pem)
{
    const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Key key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, noPassword, nullptr) : nullptr);
    ERR_clear_error();
    return key;
}

bool addExtension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Result<TlsIdentity> makeIdentity()
{
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    if (!key || !certificate) return opensslError("make a key for TLS");
    unsigned char serial[16];
    if (RAND_bytes(serial, sizeof(serial)) != 1) return opensslError("make a certificate");
    serial[0] &= 0x7F; // a serial number is positive
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_bin2bn(serial, sizeof(serial), nullptr), BN_free);
    X509_NAME *name = X509_get_subject_name(certificate.get());
    const bool isMade =
        number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr &&
        X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600) != nullptr && // for clocks that differ
        X509_time_adj_ex(X509_getm_notAfter(certificate.get()), kValidDays, 0, nullptr) != nullptr &&
        X509_set_pubkey(certificate.get(), key.get()) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char *>(kOwnName), -1, -1, 0) == 1 &&
        X509_set_issuer_name(certificate.get(), name) == 1 &&
        addExtension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
        addExtension(certificate.get(), NID_key_usage, "critical,digitalSignature") &&
        addExtension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
        addExtension(certificate.get(), NID_subject_alt_name, (std::string("DNS:") + kOwnName).c_str()) &&
        X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
    const Memory certificateText(BIO_new(BIO_s_mem()));
    const Memory keyText(BIO_new(BIO_s_mem()));
    if (!isMade || !certificateText || !keyText || PEM_write_bio_X509(certificateText.get(), certificate.get()) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(keyText.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return opensslError("make a certificate");
    TlsIdentity identity{textOf(certificateText.get()), textOf(keyText.get()), {}};
    ORRERY_ASSIGN(identity.fingerprint, certificateFingerprint(identity.certificatePem));
    return identity;
}

std::string digitsOf(const std::string &text)
{
    std::string rest = text;
    for (const char *prefix : {"SHA256:", "sha256:"})
        if (rest.starts_with(prefix)) rest.erase(0, 7);
    std::string digits;
    for (const char c : rest) {
        if (c == ':' || c == ' ') continue;
        digits += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return digits;
}

} // namespace

Result<std::string> certificateFingerprint(const std::string &pem)
{
    const Certificate certificate = certificateFrom(pem);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!certificate || X509_digest(certificate.get(), EVP_sha256(), hash, &size) != 1)
        return Error{ErrorCode::InvalidInput, "Cannot read the certificate: there is none in the text, expected one in PEM form.",
                     "A PEM file has a line -----BEGIN CERTIFICATE-----."};
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string text = "SHA256:";
    for (unsigned i = 0; i < size; ++i) {
        if (i > 0) text += ':';
        text += kDigits[hash[i] >> 4];
        text += kDigits[hash[i] & 15];
    }
    return text;
}

Result<std::string> parseFingerprint(const std::string &text)
{
    const std::string digits = digitsOf(text);
    if (digits.size() != 64 || digits.find_first_not_of("0123456789ABCDEF") != std::string::npos)
        return Error{ErrorCode::InvalidInput,
                     "Cannot use fingerprint \"" + text.substr(0, 120) + "\": it has " + std::to_string(digits.size()) +
                         " characters, expected 64 hexadecimal digits of a SHA-256.",
                     "The host prints it when it starts: orrery-engine host --listen HOST:PORT."};
    std::string pretty = "SHA256:";
    for (size_t i = 0; i < digits.size(); i += 2) pretty += (i > 0 ? ":" : "") + digits.substr(i, 2);
    return pretty;
}

bool isSameFingerprint(const std::string &a, const std::string &b) { return !a.empty() && digitsOf(a) == digitsOf(b); }

Result<std::string> certificateName(const std::string &pem)
{
    const Certificate certificate = certificateFrom(pem);
    std::string name;
    if (certificate) {
        const std::unique_ptr<GENERAL_NAMES, Free> names(static_cast<GENERAL_NAMES *>(
            X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
        for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && name.empty(); ++i) {
            const GENERAL_NAME *one = sk_GENERAL_NAME_value(names.get(), i);
            if (one->type != GEN_DNS) continue;
            name.assign(reinterpret_cast<const char *>(ASN1_STRING_get0_data(one->d.dNSName)),
                        static_cast<size_t>(ASN1_STRING_length(one->d.dNSName)));
        }
        char text[256] = {};
        if (name.empty() && X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, text, sizeof(text)) > 0)
            name = text;
    }
    ERR_clear_error();
    if (name.starts_with("*.")) name.replace(0, 1, "host"); // any name that the pattern takes
    if (!name.empty()) return name;
    return Error{ErrorCode::InvalidInput, "Cannot use the certificate: it has no name, expected a DNS name or a common name.",
                 "Have the host make one of its own: start it without --tls-cert and --tls-key."};
}

Result<TlsIdentity> loadIdentity(const std::filesystem::path &certificate, const std::filesystem::path &key)
{
    TlsIdentity identity;
    ORRERY_ASSIGN(identity.certificatePem, readFile(certificate, kMaxPemBytes));
    ORRERY_ASSIGN(identity.keyPem, readPrivateFile(key, kMaxPemBytes));
    const auto refused = [](const std::filesystem::path &file, const std::string &found) {
        return Error{ErrorCode::InvalidInput, "Cannot use \"" + file.string() + "\" for TLS: " + found + ".",
                     "Name a PEM file of each, without a password, or none: then the host makes its own."};
    };
    const Certificate first = certificateFrom(identity.certificatePem);
    if (!first) return refused(certificate, "there is no certificate in it, expected PEM");
    const Key own = keyFrom(identity.keyPem);
    if (!own) return refused(key, "there is no private key in it, or it has a password, expected PEM");
    if (X509_check_private_key(first.get(), own.get()) != 1) {
        ERR_clear_error();
        return refused(key, "it is not the key of the certificate \"" + certificate.string() + "\"");
    }
    if (X509_cmp_current_time(X509_get0_notAfter(first.get())) < 0)
        return refused(certificate, "it has expired");
    ORRERY_ASSIGN(identity.fingerprint, certificateFingerprint(identity.certificatePem));
    return identity;
}

Result<TlsIdentity> loadOrMakeIdentity(const std::filesystem::path &folder)
{
    const auto certificate = folder / "host.crt";
    const auto key = folder / "host.key";
    ORRERY_TRY(makePrivateFolder(folder));
    ORRERY_ASSIGN(const LockFile lock, LockFile::acquire(folder / "host.lock", "a host that makes its certificate"));
    std::error_code ignored;
    const bool hasCertificate = std::filesystem::exists(certificate, ignored);
    const bool hasKey = std::filesystem::exists(key, ignored);
    if (hasCertificate && hasKey) return loadIdentity(certificate, key);
    if (hasCertificate)
        return Error{ErrorCode::Conflict,
                     "Cannot use certificate \"" + certificate.string() + "\": its key \"" + key.string() +
                         "\" is missing, expected both or neither.",
                     "Put the key back; or remove the certificate, and all clients have to compare the new fingerprint."};
    ORRERY_ASSIGN(TlsIdentity identity, makeIdentity());
    // The key first: a certificate without key is refused, a key without certificate is made anew.
    ORRERY_TRY(writePrivateFile(key, identity.keyPem));
    ORRERY_TRY(writePrivateFile(certificate, identity.certificatePem));
    return identity;
}

} // namespace orrery
