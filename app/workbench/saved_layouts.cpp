// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/saved_layouts.h"

#include "app/workbench/kept_aside.h"
#include "core/base/files.h"
#include "core/spec/field_values.h"
#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUuid>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(orrery::ui::SavedLayouts)
};

QJsonObject toJson(const SavedLayout &layout)
{
    return {{u"id"_s, layout.id},
            {u"name"_s, layout.name},
            {u"base"_s, layout.base},
            {u"docks"_s, QString::fromLatin1(layout.arrangement.docks.toBase64())},
            {u"dock_names"_s, QJsonArray::fromStringList(layout.arrangement.dockNames)},
            {u"splitters"_s, QJsonObject::fromVariantMap(layout.arrangement.splitters)}};
}

SavedLayout fromJson(const QJsonObject &json)
{
    SavedLayout layout{json.value("id"_L1).toString(), json.value("name"_L1).toString().simplified(),
                       json.value("base"_L1).toString(), {}};
    layout.arrangement.docks = QByteArray::fromBase64(json.value("docks"_L1).toString().toLatin1());
    for (const QJsonValue &name : json.value("dock_names"_L1).toArray())
        if (name.isString()) layout.arrangement.dockNames << name.toString();
    layout.arrangement.splitters = json.value("splitters"_L1).toObject().toVariantMap();
    return layout;
}

std::vector<SavedLayout> listFrom(const QJsonValue &json, size_t most)
{
    std::vector<SavedLayout> list;
    for (const QJsonValue &value : json.toArray()) {
        SavedLayout layout = fromJson(value.toObject());
        const bool isKnown = std::any_of(list.begin(), list.end(), [&](const SavedLayout &one) { return one.id == layout.id; });
        if (!layout.id.isEmpty() && !layout.name.isEmpty() && !isKnown && list.size() < most) list.push_back(std::move(layout));
    }
    return list;
}

QJsonArray toJson(const std::vector<SavedLayout> &list)
{
    QJsonArray array;
    for (const SavedLayout &layout : list) array << toJson(layout);
    return array;
}

bool isSameName(const QString &a, const QString &b) { return a.compare(b, Qt::CaseInsensitive) == 0; }

} // namespace

Result<void> SavedLayouts::read()
{
    const std::filesystem::path file = toStd(m_file);
    const auto refuse = [&](const char *word, const std::string &why) -> Result<void> {
        m_list.clear();
        m_deleted.clear();
        const std::string what = "The saved layouts " + quotedValue(toStd(m_file)) + ' ' + why;
        const Result<std::filesystem::path> aside = keepAside(file, word);
        if (!aside)
            return Error{ErrorCode::Io, what + ", and could not be put aside: " + aside.error().message,
                         "Move the file away by hand; until then layouts cannot be saved."};
        return Error{ErrorCode::InvalidInput, what + ". They were kept as " + quotedValue(aside->filename().string()) + '.',
                     "The built-in layouts are all there. Give the file its first name back if it is to be read by another version."};
    };
    std::error_code failed;
    if (!std::filesystem::exists(file, failed)) {
        m_list.clear();
        m_deleted.clear();
        return {};
    }
    if (!std::filesystem::is_regular_file(file, failed)) return refuse("no-file", "are no file");
    const Result<std::string> text = readFile(file, kMaxBytes);
    if (!text) {
        const bool isTooLarge = text.error().code == ErrorCode::InvalidInput;
        return refuse(isTooLarge ? "too-large" : "unreadable", "cannot be read (" + text.error().message + ')');
    }
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(*text), &problem);
    if (!document.isObject())
        return refuse("damaged", "are damaged (" +
                                     (problem.error == QJsonParseError::NoError
                                          ? std::string("expected a JSON object")
                                          : toStd(problem.errorString()) + " at byte " + std::to_string(problem.offset)) +
                                     ')');
    const QJsonObject whole = document.object();
    if (const int format = whole.value("format"_L1).toInt(); format > kFormat)
        return refuse("newer", "were written by a newer version (format " + std::to_string(format) + ", this one reads up to " +
                                   std::to_string(kFormat) + ')');
    m_list = listFrom(whole.value("layouts"_L1), kMaxLayouts);
    m_deleted = listFrom(whole.value("deleted"_L1), kMaxDeleted);
    return {};
}

std::optional<size_t> SavedLayouts::placeOf(const QString &id) const
{
    const auto found = std::find_if(m_list.begin(), m_list.end(), [&id](const SavedLayout &one) { return one.id == id; });
    if (id.isEmpty() || found == m_list.end()) return std::nullopt;
    return size_t(found - m_list.begin());
}

const SavedLayout *SavedLayouts::find(const QString &id) const
{
    const auto place = placeOf(id);
    return place ? &m_list[*place] : nullptr;
}

QString SavedLayouts::nameProblem(const QString &given, const QStringList &builtIn, const QString &ownId) const
{
    const QString name = given.simplified();
    if (name.isEmpty()) return Words::tr("The name is empty. Type one, such as “Two monitors”.");
    if (const auto letters = name.toUcs4().size(); letters > kMaxNameLetters)
        return Words::tr("The name has %1 characters, expected %2 at most. Make it shorter.").arg(letters).arg(kMaxNameLetters);
    for (const QString &taken : builtIn)
        if (isSameName(taken, name)) return Words::tr("“%1” is a built-in layout. Choose another name.").arg(taken);
    for (const SavedLayout &layout : m_list)
        if (layout.id != ownId && isSameName(layout.name, name))
            return Words::tr("There is a layout “%1” already. Choose another name.").arg(layout.name);
    return {};
}

Error SavedLayouts::gone() const
{
    return {ErrorCode::Conflict, "Cannot change the layout: it is not there any more.", "It may have been deleted in another window."};
}

Result<void> SavedLayouts::write(List list, List deleted)
{
    while (deleted.size() > kMaxDeleted) deleted.erase(deleted.begin());
    const QJsonObject whole{{u"format"_s, kFormat}, {u"layouts"_s, toJson(list)}, {u"deleted"_s, toJson(deleted)}};
    const QByteArray text = QJsonDocument(whole).toJson(QJsonDocument::Indented);
    if (uint64_t(text.size()) > kMaxBytes)
        return Error{ErrorCode::Conflict, "Cannot save the layouts: they would have " + std::to_string(text.size()) +
                                              " bytes, expected " + std::to_string(kMaxBytes) + " at most.",
                     "Delete one that is not needed."};
    ORRERY_TRY(writeFileAtomically(toStd(m_file), std::string_view(text.constData(), size_t(text.size()))));
    m_list = std::move(list);
    m_deleted = std::move(deleted);
    return {};
}

Result<QString> SavedLayouts::add(const QString &name, const QString &base, const Arrangement &arrangement)
{
    ORRERY_TRY(read());
    if (m_list.size() >= kMaxLayouts)
        return Error{ErrorCode::Conflict, "Cannot save the layout: there are " + std::to_string(m_list.size()) + ", expected " +
                                              std::to_string(kMaxLayouts) + " at most.",
                     "Delete one that is not needed."};
    List list = m_list;
    list.push_back({QUuid::createUuid().toString(QUuid::Id128), name.simplified(), base, arrangement});
    const QString id = list.back().id;
    ORRERY_TRY(write(std::move(list), m_deleted));
    return id;
}

Result<void> SavedLayouts::update(const QString &id, const Arrangement &arrangement)
{
    ORRERY_TRY(read());
    const auto place = placeOf(id);
    if (!place) return gone();
    List list = m_list;
    list[*place].arrangement = arrangement;
    return write(std::move(list), m_deleted);
}

Result<void> SavedLayouts::rename(const QString &id, const QString &name)
{
    ORRERY_TRY(read());
    const auto place = placeOf(id);
    if (!place) return gone();
    List list = m_list;
    list[*place].name = name.simplified();
    return write(std::move(list), m_deleted);
}

Result<void> SavedLayouts::remove(const QString &id)
{
    ORRERY_TRY(read());
    const auto place = placeOf(id);
    if (!place) return gone();
    List list = m_list, deleted = m_deleted;
    deleted.push_back(list[*place]);
    list.erase(list.begin() + std::ptrdiff_t(*place));
    return write(std::move(list), std::move(deleted));
}

Result<QString> SavedLayouts::bringBack()
{
    ORRERY_TRY(read());
    if (m_deleted.empty() || m_list.size() >= kMaxLayouts)
        return Error{ErrorCode::Conflict, m_deleted.empty() ? "Cannot bring a layout back: none was deleted."
                                                            : "Cannot bring the layout back: there are as many as there may be.",
                     m_deleted.empty() ? "" : "Delete one that is not needed."};
    List list = m_list, deleted = m_deleted;
    SavedLayout back = deleted.back();
    deleted.pop_back();
    const QString name = back.name;
    for (int i = 2; !nameProblem(back.name, {}).isEmpty() && i < 100; ++i) {
        const QString ending = u" %1"_s.arg(i);
        back.name = name.left(kMaxNameLetters - ending.size()) + ending;
    }
    list.push_back(back);
    ORRERY_TRY(write(std::move(list), std::move(deleted)));
    return back.id;
}

} // namespace orrery::ui
