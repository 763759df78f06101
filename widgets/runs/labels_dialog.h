// SPDX-License-Identifier: GPL-3.0-or-later
// Tags and notes of a run, or tags of several. Ctrl+Enter saves, Esc leaves all as it was; tags in use are
// proposed while one types. Deletes itself. GUI thread only.
#pragma once

#include <QDialog>
#include <QStringList>
#include <QVariantMap>

#include <optional>

class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace orrery::ui {

class ToneLabel;

class LabelsDialog : public QDialog {
    Q_OBJECT
public:
    struct About {
        QString title;         ///< "lr-3e-2" or "3 runs"
        QStringList tags;      ///< that all of them have
        QStringList someTags;  ///< that some of them have; they stay
        QStringList tagsInUse; ///< to be proposed
        bool hasNotes = true;  ///< of one run only
    };
    LabelsDialog(const About &about, QWidget *parent);
    /// Notes come later than the dialog; until then they cannot be edited.
    void setNotes(const QString &notes);
    void setNotesFailed(const QString &reason);
    [[nodiscard]] QStringList tags() const;
    [[nodiscard]] QStringList tagsBefore() const { return m_before; }
    [[nodiscard]] QString notes() const;
    [[nodiscard]] QString notesBefore() const { return m_notesBefore; }
    [[nodiscard]] QLineEdit *tagLine() const { return m_tags; }
    /// What is typed: "tags" and, where they are other than the run's, "notes".
    [[nodiscard]] QVariantMap draft() const;
    /// Goes on with it; notes are there when those of the run have come.
    void setDraft(const QVariantMap &draft);

    /// What stands between commas, without what is empty or repeated.
    static QStringList parseTags(const QString &text);
    /// Why the engine would refuse them; empty: it would not.
    static QString tagProblem(const QStringList &tags);

private:
    void check();

    const QStringList m_before;
    QString m_notesBefore;
    std::optional<QString> m_draftNotes; ///< until the run's have come
    QLineEdit *m_tags;
    ToneLabel *m_problem;
    QPlainTextEdit *m_notes = nullptr;
    QPushButton *m_save = nullptr;
};

} // namespace orrery::ui
