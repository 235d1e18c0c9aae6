// SPDX-License-Identifier: MIT
/*
 * A C++ program whose allocations Clang numbers: every form of operator new, with and without
 * exceptions, and containers. The blocks stay live until the end of a round.
 */
#include <cstdlib>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "shadow.h"

struct data {
	long numbers[5];
};
struct pointers {
	pointers *next;
	int numbers[7];
	~pointers() { numbers[0] = 0; }
};
struct alignas(128) wide {
	char bytes[200];
};
struct alignas(256) wide_pointers {
	void *p;
};

enum class __hot_cold_t : unsigned char { cold };
void *operator new(std::size_t size, __hot_cold_t) noexcept(false);
void *operator new[](std::size_t size, std::align_val_t, __hot_cold_t) noexcept(false);
struct sized {
	void *p;
	std::size_t bytes;
};
extern "C" sized __size_returning_new(std::size_t size);

template <class T> static void all_forms(int n)
{
	T *one = new T, *many = new T[n];
	T *maybe = new (std::nothrow) T, *maybe_many = new (std::nothrow) T[n];

	for (const void *p : { (void *)one, (void *)many, (void *)maybe, (void *)maybe_many }) {
		ENTER(p, TOKEN_OF(T));
		REQUIRE((uintptr_t)p % alignof(T) == 0 || p == many || p == maybe_many, "alignment");
	}
	LEAVE(one);
	LEAVE(many);
	LEAVE(maybe);
	LEAVE(maybe_many);
	delete one;
	delete[] many;
	delete maybe;
	delete[] maybe_many;
}

/* Calls of the functions themselves name no type. */
static void untyped(std::size_t size)
{
	void *blocks[] = {
		::operator new(size),
		::operator new[](size),
		::operator new(size, std::nothrow),
		::operator new[](size, std::nothrow),
	};
	void *aligned[] = {
		::operator new(size, std::align_val_t(512)),
		::operator new[](size, std::align_val_t(512)),
		::operator new(size, std::align_val_t(512), std::nothrow),
		::operator new[](size, std::align_val_t(512), std::nothrow),
	};

	for (void *p : blocks) {
		ENTER(p, 0);
		LEAVE(p);
		::operator delete(p);
	}
	for (void *p : aligned) {
		ENTER(p, 0);
		REQUIRE((uintptr_t)p % 512 == 0, "alignment");
		LEAVE(p);
		::operator delete(p, std::align_val_t(512));
	}
}

static void hinted()
{
	pointers *p = new (__hot_cold_t::cold) pointers;
	void *q = operator new[](100, std::align_val_t(64), __hot_cold_t::cold);
	sized s = __size_returning_new(100);

	ENTER(p, TOKEN_OF(pointers));
	ENTER(q, 0);
	ENTER(s.p, 0);
	REQUIRE((uintptr_t)q % 64 == 0 && s.bytes >= 100, "size or alignment");
	LEAVE(p);
	LEAVE(q);
	LEAVE(s.p);
	::operator delete(p);
	::operator delete(q);
	::operator delete(s.p);
}

/* What containers ask for is a node or an array of a type; all that counts here is that they work. */
static void containers(int n)
{
	std::vector<pointers> v;
	std::map<int, std::string> m;
	std::list<std::shared_ptr<data>> l;

	for (int i = 0; i < n; i++) {
		v.emplace_back();
		m[i] = std::string((std::size_t)i * 3, 'x');
		l.push_back(std::make_shared<data>());
	}
	REQUIRE(v.size() == m.size() && m[n - 1].size() == (std::size_t)(n - 1) * 3, "contents");
}

static void *volatile sink;

static void too_much()
{
	bool thrown = false;
	volatile std::size_t size = (std::size_t)1 << 62;

	try {
		sink = new pointers[size / sizeof(pointers)];
	} catch (const std::bad_alloc &) {
		thrown = true;
	}
	REQUIRE(thrown, "no std::bad_alloc");
	REQUIRE(!::operator new(size, std::nothrow), "memory that is not there");
}

int main()
{
	for (int round = 1; round < 300; round++) {
		all_forms<data>(round);
		all_forms<pointers>(round);
		all_forms<wide>(round);
		all_forms<wide_pointers>(round);
		untyped((std::size_t)round * 9);
		hinted();
	}
	containers(1000);
	too_much();
	REQUIRE(!slab_errors(), "libslab has reported something");
	std::printf("%lu blocks, each in its set\n", shadow_nr_checked);
	return 0;
}
