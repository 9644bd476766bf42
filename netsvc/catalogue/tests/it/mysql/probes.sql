select 1+1
select 1/2, 3 div 2, 5 % 3, 7/0
select 1.5+1, 2*1.25, 1e3
select 'a' 'b', concat('x',1,null), concat('a','b')
select 0x41, unhex('4142'), hex('AB'), hex(255)
select 'a'='A', 'a' like 'A%', null is null, 1 in (1,2), 3 between 1 and 2
select if(1>2,'y','n'), case 1 when 1 then 'one' else 'x' end, ifnull(null,5), coalesce(null,null,3)
select substring('hello',2,3), left('abc',2), right('abc',2), ascii('a'), length('abc'), char(65,66)
select md5('a'), sha1('a'), upper('a'), reverse('abc'), replace('aXb','X','-')
select 1 union select 2 union select 1
select 1 union all select 1
select 1,2 union select 3
select nosuch
select nosuch()
select * from nosuch
select @@nosuch
select
selec 1
create database h3
create database h3
use h3
use nosuchdb
create table WARNING (id int primary key auto_increment, msg varchar(20) not null, n int default 7)
create table WARNING (id int)
insert into WARNING (msg) values ('pay'),('now')
insert into WARNING values (1,'dup',1)
insert into WARNING (msg) values ('x','y')
insert into WARNING (nosuch) values (1)
select * from WARNING
select * from warning
select count(*), sum(id), min(msg), max(msg), avg(id) from WARNING
select msg, count(*) from WARNING group by msg order by msg desc
select group_concat(msg order by id separator '|') from WARNING
select w.id, v.msg from WARNING w join WARNING v on w.id=v.id where w.id>1
select id from WARNING order by id desc limit 1
select id from WARNING limit 1,1
update WARNING set msg='later' where id=2
select msg from WARNING where id=2
select (select max(id) from WARNING) as m
select msg from WARNING where id in (select id from WARNING where id=1)
select exists(select 1 from WARNING where id=9)
select * from (select 1 as a union select 2) t where a>1
delete from WARNING where id=1
select count(*) from WARNING
truncate table WARNING
show tables
show tables like 'W%'
describe WARNING
select table_name from information_schema.tables where table_schema='h3'
select column_name,data_type from information_schema.columns where table_schema='h3' order by ordinal_position
select schema_name from information_schema.schemata where schema_name='h3'
set @a=5
select @a, @a+1, @b
prepare s from 'select ?+1'
execute s using @a
deallocate prepare s
execute s
replace into WARNING values (1,'r',1)
insert into WARNING values (1,'r',1) on duplicate key update n=n+5
select n from WARNING
drop table WARNING
drop table WARNING
drop table if exists WARNING
drop database h3
drop database h3
select database()
/*!50000select*/ 7 -- comment
select 1 as `odd name`, 'x' y
select 1 from dual where 1=1 and (2=2 or 3=4) and not 1=2
select cast('12abc' as signed), cast(1.567 as decimal(4,2)), round(1.567,2), floor(1.9), ceil(1.1), abs(-3)
select elt(2,'a','b'), field('b','a','b'), find_in_set('b','a,b'), instr('abc','c'), locate('b','abc'), lpad('5',3,'0')
select extractvalue(1,concat(0x7e,'x'))
select length(database()), strcmp('a','b'), greatest(1,3,2), least(1,3,2)
select 1;
select 5 > '3', '10' + 5, 'abc' + 1, true, false, null
select not 1, !0, -(-3), ~0, 6 & 3, 6 | 1, 1 << 4
