// SPDX-License-Identifier: GPL-3.0-or-later
// A few numbers beside each other, each with its name above and a remark below. GUI thread only.
#pragma once

#include <QString>
#include <QWidget>

#include <vector>

namespace orrery::ui {

class ElidedLabel;

struct Stat {
    QString name, value, remark;
    QString term = {}; ///< of the glossary, for its hover
};

class StatRow : public QWidget {
    Q_OBJECT
public:
    explicit StatRow(int count, QWidget *parent = nullptr);
    void setStats(const std::vector<Stat> &stats); ///< as many as there are places
    [[nodiscard]] const std::vector<Stat> &stats() const { return m_stats; }

private:
    struct Place {
        ElidedLabel *name, *value, *remark;
    };
    std::vector<Place> m_places;
    std::vector<Stat> m_stats;
};

} // namespace orrery::ui
